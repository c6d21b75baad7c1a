// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainExtent;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Copies data as it is, leaving out blocks of zeros.
final class PlainCopier implements PieceCopier {
  private static final int BLOCK = 64 << 10;

  private final Chain from;
  private final WritableLayer to;
  private final byte[] buffer = new byte[CopyOp.PIECE];

  PlainCopier(Chain from, WritableLayer to) {
    this.from = from;
    this.to = to;
  }

  @Override
  public long copy(long start, long end) throws IOException {
    long copied = 0;
    long at = start;
    while (at < end) {
      ChainExtent extent = from.where(GuestOffset.of(at), end - at);
      if (!extent.readsAsZero()) {
        copied += copyData(at, (int) extent.length());
      }
      at = extent.end();
    }
    return copied;
  }

  private long copyData(long at, int length) throws IOException {
    from.read(GuestOffset.of(at), ByteBuffer.wrap(buffer, 0, length));
    long copied = 0;
    int start = 0;
    while (start < length) {
      int blockEnd = blockEnd(at, start, length);
      if (ZeroScan.isZero(buffer, start, blockEnd)) {
        start = blockEnd;
        continue;
      }
      int end = blockEnd;
      while (end < length && !ZeroScan.isZero(buffer, end, blockEnd(at, end, length))) {
        end = blockEnd(at, end, length);
      }
      ByteBuffer data = ByteBuffer.wrap(buffer, start, end - start);
      to.write(GuestOffset.of(at + start), data, Below.NOTHING);
      copied += end - start;
      start = end;
    }
    return copied;
  }

  /// End, inside the buffer, of the aligned guest block that holds position `index`.
  private static int blockEnd(long at, int index, int length) {
    long next = ((at + index) / BLOCK + 1) * BLOCK;
    return (int) Math.min(length, next - at);
  }

  @Override
  public void close() {}
}
