// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.LayerExtent;
import io.varve.image.qcow2.compress.ClusterDecoder;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import io.varve.image.storage.Zeros;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Reads guest data that one layer holds, through one [ClusterMap]. Under the layer's shared lock
/// at least.
public final class ClusterReader {
  private final Storage storage;
  private final DataArea data;
  private final Geometry geometry;
  private final ClusterDecoder decoder;
  private volatile @Nullable Decoded lastDecoded;

  /// The cluster decoded last: small reads of one compressed cluster in a row decode it once.
  private record Decoded(long entry, byte[] bytes) {}

  /// @param storage the image, which has the compressed clusters
  public ClusterReader(Storage storage, DataArea data, Geometry geometry, ClusterDecoder decoder) {
    this.storage = storage;
    this.data = data;
    this.geometry = geometry;
    this.decoder = decoder;
  }

  /// See [io.varve.image.Layer#readHeld].
  public long readHeld(ClusterMap map, long at, ByteBuffer dst) throws IOException {
    LayerExtent extent = map.extent(at, dst.remaining());
    int length = (int) extent.length();
    switch (extent.kind()) {
      case NONE -> {
        return -length;
      }
      case ZERO, ZERO_ALLOCATED -> putZeros(dst, length);
      case DATA -> readPlain(extent.hostOffset(), at, dst, length);
      case COMPRESSED -> {
        byte[] cluster = decode(map.state(at).entry());
        dst.put(cluster, geometry.inCluster(at), length);
      }
    }
    return length;
  }

  private void readPlain(long host, long guest, ByteBuffer dst, int length) throws IOException {
    int limit = dst.limit();
    dst.limit(dst.position() + length);
    storage.announce(StorageEvent.READ_AIO);
    data.read(host, guest, dst);
    dst.limit(limit);
  }

  static void putZeros(ByteBuffer dst, int length) {
    int limit = dst.limit();
    Zeros.fill(dst.limit(dst.position() + length));
    dst.limit(limit);
  }

  /// The whole cluster behind a compressed L2 entry.
  byte[] decode(long entry) throws IOException {
    Decoded last = lastDecoded;
    if (last != null && last.entry() == entry) {
      return last.bytes();
    }
    long position = L2Entry.compressedOffset(entry, geometry.clusterBits());
    int length = L2Entry.compressedLength(entry, geometry.clusterBits());
    byte[] packed = new byte[length];
    storage.announce(StorageEvent.READ_COMPRESSED);
    storage.read(position, ByteBuffer.wrap(packed));
    byte[] bytes = decoder.decode(packed, geometry.clusterSize(), position);
    lastDecoded = new Decoded(entry, bytes);
    return bytes;
  }

  /// Forgets the decoded cluster: its host bytes may be reused.
  void forgetDecoded() {
    lastDecoded = null;
  }
}
