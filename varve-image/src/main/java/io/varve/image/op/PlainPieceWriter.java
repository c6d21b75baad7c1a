// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.chain.Chain;
import io.varve.image.storage.Zeros;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Copies data as it is, and leaves out runs of zeros.
final class PlainPieceWriter extends PieceWriter {
  /// Direct: what goes through the heap is copied once more each way.
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(ConvertPlan.MAX_DATA);

  private final SparseRuns runs;
  private long at;
  private int length;

  PlainPieceWriter(Sources sources, Chain to, ConvertOptions options) {
    super(sources, to, options);
    this.runs =
        new SparseRuns(options.sparse(), Math.max(512, Integer.highestOneBit(options.sparse())));
  }

  @Override
  void prepare(long pieceAt, int pieceLength, boolean zero) throws IOException {
    at = pieceAt;
    length = pieceLength;
    if (zero) {
      Zeros.fill(buffer.clear().limit(length));
    } else {
      sources.read(at, buffer.clear().limit(length));
    }
  }

  @Override
  long write() throws IOException {
    if (options.sparse() == 0 || options.offload()) {
      writeData(at, buffer.slice(0, length), at);
      return length;
    }
    long written = 0;
    runs.reset(buffer, length, at);
    while (runs.hasNext()) {
      int from = runs.position();
      int run = runs.next();
      if (run > 0) {
        writeData(at + from, buffer.slice(from, run), at);
        written += run;
      } else {
        zero(at + from, -run);
      }
    }
    return written;
  }
}
