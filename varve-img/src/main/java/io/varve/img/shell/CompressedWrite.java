// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.compress.ClusterEncoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Writes whole clusters in compressed form. A cluster that holds data is never written over so.
final class CompressedWrite {
  /// Clusters under way together: those that follow a cluster that fails are written all the same.
  private static final int AT_ONCE = 8;

  private final Chain chain;

  CompressedWrite(Chain chain) {
    this.chain = chain;
  }

  void write(long offset, long length, Device.Source source) throws IOException {
    if (!(chain.top() instanceof Qcow2Layer layer)) {
      throw new DeviceException(DeviceException.UNSUPPORTED);
    }
    if (layer.info().externalDataFile()) {
      throw new DeviceException(DeviceException.UNSUPPORTED);
    }
    int cluster = layer.clusterSize();
    long end = offset + length;
    if (offset % cluster != 0 || (length % cluster != 0 && end != chain.size())) {
      throw new DeviceException(DeviceException.INVALID);
    }
    byte[] bytes = new byte[cluster];
    byte[] packed = new byte[cluster];
    IOException failure = null;
    int after = 0;
    try (ClusterEncoder encoder = layer.newEncoder()) {
      for (long at = offset; at < end && after < AT_ONCE; at += cluster) {
        int piece = (int) Math.min(cluster, end - at);
        source.fill(bytes, piece);
        Arrays.fill(bytes, piece, cluster, (byte) 0);
        try {
          writeCluster(layer, at, piece, bytes, packed, encoder.encode(bytes, packed));
        } catch (IOException e) {
          failure = failure == null ? e : failure;
        }
        after += failure == null ? 0 : 1;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void writeCluster(
      Qcow2Layer layer, long at, int length, byte[] bytes, byte[] packed, int packedLength)
      throws IOException {
    if (packedLength <= 0) {
      chain.write(GuestOffset.of(at), ByteBuffer.wrap(bytes, 0, length));
    } else {
      if (layer.mappedStorage() != null && layer.mappedStorage() != layer.storage()) {
        throw new DeviceException(DeviceException.UNSUPPORTED);
      }
      requireNoData(layer, at, length);
      layer.writeCompressed(GuestOffset.of(at), packed, packedLength);
    }
  }

  private static void requireNoData(Qcow2Layer layer, long at, int length) throws IOException {
    LayerExtent held = layer.lookup(GuestOffset.of(at), length);
    boolean free =
        held.kind() == ExtentKind.ZERO || (held.kind() == ExtentKind.NONE && held.hostOffset() < 0);
    if (!free) {
      throw new DeviceException(DeviceException.IO_ERROR);
    }
  }
}
