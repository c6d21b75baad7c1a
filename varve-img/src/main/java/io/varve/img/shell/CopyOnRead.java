// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Brings what a read touches from the backing files into the image itself, in whole clusters.
final class CopyOnRead {
  private final Chain chain;

  CopyOnRead(Chain chain) {
    this.chain = chain;
  }

  void fetch(long offset, long length) throws IOException {
    if (!(chain.top() instanceof Qcow2Layer layer)) {
      return;
    }
    int cluster = layer.clusterSize();
    long at = offset - offset % cluster;
    long end = Math.min(chain.size(), Math.ceilDiv(offset + length, cluster) * cluster);
    while (at < end) {
      long stretch = Held.stretch(layer, at, end - at);
      if (stretch < 0) {
        copy(at, at - stretch, cluster);
      }
      at += Math.abs(stretch);
    }
  }

  private void copy(long from, long to, int cluster) throws IOException {
    byte[] bytes = new byte[cluster];
    for (long at = from; at < to; at += cluster) {
      int length = (int) Math.min(cluster, to - at);
      chain.read(GuestOffset.of(at), ByteBuffer.wrap(bytes, 0, length));
      if (isZero(bytes, length)) {
        chain.zero(GuestOffset.of(at), length, ZeroMode.KEEP);
      } else {
        chain.write(GuestOffset.of(at), ByteBuffer.wrap(bytes, 0, length));
      }
    }
  }

  private static boolean isZero(byte[] bytes, int length) {
    for (int i = 0; i < length; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
