// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.op.CompareResult.Outcome;
import io.varve.image.op.StepException.Step;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Compares two disks by what a guest reads. Ranges that both indexes know to be zero are not read.
/// A longer disk equals a shorter one if the rest of it is zero.
///
/// Two threads read and compare; the difference that is reported is the first one of the disk.
public final class CompareOp {
  private static final int PIECE = 1 << 20;
  private static final int THREADS = 2;

  private final Chain[] disks;
  private final StatusReader[] readers;
  private final boolean strict;
  private final Progress progress;
  private final long common;
  private final long total;
  private long at;
  private long foundAt = Long.MAX_VALUE;
  private @Nullable CompareResult found;
  private @Nullable IOException failure;

  private CompareOp(Chain a, Chain b, boolean strict, Progress progress) {
    this.disks = new Chain[] {a, b};
    this.readers = new StatusReader[] {new StatusReader(a), new StatusReader(b)};
    this.strict = strict;
    this.progress = progress;
    this.common = Math.min(a.size(), b.size());
    this.total = Math.max(a.size(), b.size());
  }

  /// The first guest offset at which the two differ; empty if they are equal.
  public static OptionalLong firstDifference(Chain a, Chain b, Progress progress)
      throws IOException {
    CompareResult result = compare(a, b, false, progress);
    return result.equal() ? OptionalLong.empty() : OptionalLong.of(result.offset());
  }

  /// Compares.
  ///
  /// @param strict sizes and block status must be equal too
  /// @throws StepException if a disk cannot be read; its side is 0 for `a` and 1 for `b`
  /// @throws java.util.concurrent.CancellationException if the progress throws it
  public static CompareResult compare(Chain a, Chain b, boolean strict, Progress progress)
      throws IOException {
    if (strict && a.size() != b.size()) {
      return new CompareResult(Outcome.SIZE, -1);
    }
    CompareOp op = new CompareOp(a, b, strict, progress);
    Workers.run(op.total <= PIECE ? 1 : THREADS, op::work);
    if (op.failure != null) {
      throw op.failure;
    }
    return op.found != null ? op.found : new CompareResult(Outcome.EQUAL, -1);
  }

  /// A range to read on one side or on both; the other side is known to be zero.
  private record Piece(long at, int length, boolean left, boolean right) {}

  private void work() {
    ByteBuffer[] buffers = {ByteBuffer.allocateDirect(PIECE), ByteBuffer.allocateDirect(PIECE)};
    try {
      for (Piece piece = next(); piece != null; piece = next()) {
        compare(piece, buffers);
      }
    } catch (RuntimeException | Error e) {
      stopAt(-1, null, null);
      throw e;
    }
  }

  private synchronized @Nullable Piece next() {
    while (at < total && at < foundAt) {
      long start = at;
      Piece piece;
      try {
        piece = at < common ? inBoth() : behindTheShorter();
      } catch (StepException e) {
        stopAt(start, null, e);
        return null;
      }
      if (piece != null) {
        at += piece.length();
      }
      progress.advance(at, total);
      if (piece != null) {
        return piece;
      }
    }
    return null;
  }

  /// Null after a stretch that need not be read.
  private @Nullable Piece inBoth() throws StepException {
    BlockStatus left = status(0);
    BlockStatus right = status(1);
    if (strict && !alike(left, right)) {
      stopAt(at, new CompareResult(Outcome.STATUS, at), null);
      return null;
    }
    long length = Math.min(left.length(), right.length());
    boolean bothPresent = left.present() && right.present();
    if ((left.zero() && right.zero()) || (!left.present() && !right.present())) {
      at += length;
      return null;
    }
    return new Piece(
        at,
        (int) Math.min(length, PIECE),
        bothPresent || left.present(),
        bothPresent || right.present());
  }

  private @Nullable Piece behindTheShorter() throws StepException {
    int longer = disks[0].size() > disks[1].size() ? 0 : 1;
    BlockStatus status = status(longer);
    if (!status.present() || status.zero()) {
      at += status.length();
      return null;
    }
    int length = (int) Math.min(status.length(), PIECE);
    return new Piece(at, length, longer == 0, longer == 1);
  }

  private BlockStatus status(int side) throws StepException {
    try {
      return readers[side].at(at, disks[side].size() - at);
    } catch (IOException e) {
      throw new StepException(Step.STATUS, side, at, e);
    }
  }

  private boolean alike(BlockStatus left, BlockStatus right) {
    return left.data() == right.data()
        && left.zero() == right.zero()
        && left.present() == right.present()
        && left.compressed() == right.compressed()
        && left.offset() < 0 == right.offset() < 0
        && (left.end() == total) == (right.end() == total);
  }

  private void compare(Piece piece, ByteBuffer[] buffers) {
    int length = piece.length();
    int difference;
    try {
      if (piece.left() && piece.right()) {
        read(0, piece, buffers[0]);
        read(1, piece, buffers[1]);
        difference = ZeroScan.mismatch(buffers[0], buffers[1], length);
      } else {
        int side = piece.left() ? 0 : 1;
        read(side, piece, buffers[side]);
        int data = ZeroScan.firstData(buffers[side], 0, length);
        difference = data == length ? -1 : data;
      }
    } catch (StepException e) {
      stopAt(piece.at(), null, e);
      return;
    }
    if (difference >= 0) {
      long offset = piece.at() + difference;
      stopAt(offset, new CompareResult(Outcome.CONTENT, offset), null);
    }
  }

  private void read(int side, Piece piece, ByteBuffer into) throws StepException {
    try {
      disks[side].read(GuestOffset.of(piece.at()), into.clear().limit(piece.length()));
    } catch (IOException e) {
      throw new StepException(Step.READ, side, piece.at(), e);
    }
  }

  /// Ends the comparison at an offset, unless it ended at an earlier one.
  private synchronized void stopAt(
      long offset, @Nullable CompareResult result, @Nullable IOException why) {
    if (offset < foundAt) {
      foundAt = offset;
      found = result;
      failure = why;
    }
  }
}
