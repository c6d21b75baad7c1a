// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.op.StepException.Step;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.compress.ClusterEncoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Compresses cluster by cluster; a cluster that does not become shorter is written plain, one of
/// zeros is left out. The work is done before it is this piece's turn to be written.
final class CompressedPieceWriter extends PieceWriter {
  private final Qcow2Layer layer;
  private final ClusterEncoder encoder;
  private final int cluster;
  private final byte[] buffer;
  private final byte[] whole;
  private final byte[][] packed;

  /// Length of what was packed; 0 plain, -1 zeros.
  private final int[] lengths;

  private long at;
  private int length;

  CompressedPieceWriter(Sources sources, Chain to, Qcow2Layer layer, ConvertOptions options) {
    super(sources, to, options);
    this.layer = layer;
    this.encoder = layer.newEncoder();
    this.cluster = layer.clusterSize();
    int most = Math.max(ConvertPlan.MAX_DATA / 2, cluster);
    this.buffer = new byte[most];
    this.whole = new byte[cluster];
    this.packed = new byte[most / cluster][cluster];
    this.lengths = new int[packed.length];
  }

  @Override
  void prepare(long pieceAt, int pieceLength, boolean zero) throws IOException {
    at = pieceAt;
    length = pieceLength;
    if (zero) {
      Arrays.fill(buffer, 0, length, (byte) 0);
    } else {
      sources.read(at, ByteBuffer.wrap(buffer, 0, length));
    }
    for (int from = 0, i = 0; from < length; from += cluster, i++) {
      lengths[i] = pack(from, Math.min(length, from + cluster), packed[i]);
    }
  }

  private int pack(int from, int to, byte[] into) {
    if (options.sparse() != 0 && ZeroScan.isZero(buffer, from, to)) {
      return -1;
    }
    System.arraycopy(buffer, from, whole, 0, to - from);
    // Only the last cluster of the disk is short.
    Arrays.fill(whole, to - from, cluster, (byte) 0);
    return Math.max(0, encoder.encode(whole, into));
  }

  @Override
  long write() throws IOException {
    long written = 0;
    for (int from = 0, i = 0; from < length; from += cluster, i++) {
      int part = Math.min(cluster, length - from);
      if (lengths[i] < 0) {
        zero(at + from, part);
        continue;
      }
      if (lengths[i] == 0) {
        writeData(at + from, ByteBuffer.wrap(buffer, from, part), at + from);
      } else {
        writePacked(at + from, i);
      }
      written += part;
    }
    return written;
  }

  private void writePacked(long where, int index) throws StepException {
    try {
      layer.writeCompressed(GuestOffset.of(where), packed[index], lengths[index]);
    } catch (IOException e) {
      throw new StepException(Step.WRITE, 0, where, e);
    }
  }

  @Override
  public void close() {
    encoder.close();
  }
}
