// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.compress.ClusterEncoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Copies cluster by cluster of the target, each compressed where that makes it shorter. Encoding
/// runs outside the layer's lock.
final class CompressingCopier implements PieceCopier {
  private final Chain from;
  private final Qcow2Layer to;
  private final ClusterEncoder encoder;
  private final byte[] cluster;
  private final byte[] packed;

  CompressingCopier(Chain from, Qcow2Layer to) {
    this.from = from;
    this.to = to;
    this.encoder = to.newEncoder();
    this.cluster = new byte[to.clusterSize()];
    this.packed = new byte[cluster.length];
  }

  @Override
  public long copy(long start, long end) throws IOException {
    long copied = 0;
    for (long at = start; at < end; at += cluster.length) {
      int length = (int) Math.min(cluster.length, end - at);
      if (!from.readsAsZero(GuestOffset.of(at), length)) {
        copied += copyCluster(at, length);
      }
    }
    return copied;
  }

  private long copyCluster(long at, int length) throws IOException {
    from.read(GuestOffset.of(at), ByteBuffer.wrap(cluster, 0, length));
    if (ZeroScan.isZero(cluster, 0, length)) {
      return 0;
    }
    Arrays.fill(cluster, length, cluster.length, (byte) 0);
    int packedLength = encoder.encode(cluster, packed);
    if (packedLength > 0) {
      to.writeCompressed(GuestOffset.of(at), packed, packedLength);
    } else {
      to.write(GuestOffset.of(at), ByteBuffer.wrap(cluster, 0, length), Below.NOTHING);
    }
    return length;
  }

  @Override
  public void close() {
    encoder.close();
  }
}
