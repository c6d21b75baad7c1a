// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.storage.Zeros;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Reads the ranges of a difference on both sides and hands on the blocks in which bytes differ,
/// each as zeros where it holds nothing else. For one thread.
public final class DifferentBytes implements RangeSink {
  /// Bytes that are told apart as one.
  public static final int BLOCK = 4096;

  private static final int PIECE = 1 << 20;

  private final @Nullable Chain from;
  private final Chain to;
  private final RangeJoiner out;
  private final ByteBuffer before = ByteBuffer.allocateDirect(PIECE);
  private final ByteBuffer now = ByteBuffer.allocateDirect(PIECE);
  private final ByteBuffer zeros = ByteBuffer.allocateDirect(BLOCK);

  private DifferentBytes(DiffOp.Sides sides, RangeSink sink) {
    this.from = sides.from();
    this.to = sides.to();
    this.out = new RangeJoiner(sink);
  }

  /// Reports the blocks that differ, ascending.
  public static void ranges(DiffOp.Sides sides, RangeSink sink) throws IOException {
    DifferentBytes filter = new DifferentBytes(sides, sink);
    DiffOp.ranges(sides, filter);
    filter.out.end();
  }

  @Override
  public void range(long start, long length, boolean zero) throws IOException {
    for (long at = start; at < start + length; ) {
      // Blocks lie on multiples of their size, whatever the ranges do.
      int most = PIECE - (int) (at % BLOCK);
      int step = (int) Math.min(most, start + length - at);
      read(to, at, step, now);
      read(from, at, step, before);
      compare(at, step);
      at += step;
    }
  }

  private void compare(long at, int length) throws IOException {
    for (int done = 0; done < length; ) {
      int step = (int) Math.min(BLOCK - (at + done) % BLOCK, length - done);
      ByteBuffer block = now.slice(done, step);
      if (block.mismatch(before.slice(done, step)) >= 0) {
        out.range(at + done, step, block.mismatch(zeros.slice(0, step)) < 0);
      }
      done += step;
    }
  }

  private static void read(@Nullable Chain disk, long at, int length, ByteBuffer into)
      throws IOException {
    into.clear().limit(length);
    if (disk != null && at < disk.size()) {
      into.limit((int) Math.min(length, disk.size() - at));
      disk.read(GuestOffset.of(at), into);
      into.limit(length);
    }
    Zeros.fill(into);
    into.flip();
  }
}
