// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.chain.LayersBelow;
import io.varve.image.op.StepException.Step;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Moves what the layers above a base hold down into that base (`qemu-img commit`), which then
/// reads as the whole disk did. A base that is smaller grows first.
///
/// The layers above stay as they are: the disk's content does not change at any moment, so the
/// operation can be stopped, or be cut off by a crash, and be started again. Afterwards the caller
/// empties or deletes them. Other overlays of the base are broken by it, which nobody here can
/// know.
///
/// What is moved is rounded to units of the base's cluster size, at least 4 and at most 64 KiB, as
/// QEMU does it: a unit that is partly held above is written whole.
public final class CommitOp {
  private static final int MIN_UNIT = 4096;
  private static final int MAX_UNIT = 65536;
  private static final int PIECE = 1 << 20;
  private static final int THREADS = 2;

  private final Chain disk;
  private final int depth;
  private final WritableLayer base;
  private final LayersBelow belowBase;
  private final StatusReader reader;
  private final Throttle throttle;
  private final Progress progress;
  private final Turns turns = new Turns(true, THREADS);
  private final AtomicLong copied = new AtomicLong();
  private final AtomicLong zeroed = new AtomicLong();
  private final int unit;
  private final long size;
  private long at;
  private long heldEnd;
  private long pieces;

  private CommitOp(
      Chain disk, int depth, WritableLayer base, Throttle throttle, Progress progress) {
    this.disk = disk;
    this.depth = depth;
    this.base = base;
    this.belowBase = LayersBelow.from(disk, depth + 1);
    this.reader = new StatusReader(disk);
    this.throttle = throttle;
    this.progress = progress;
    int cluster = base.clusterSize() > 512 ? base.clusterSize() : MAX_UNIT;
    this.unit = Math.clamp(cluster, MIN_UNIT, MAX_UNIT);
    this.size = disk.size();
  }

  /// Commits and flushes the base.
  ///
  /// @param depth of the base in the chain, 1 or more; that layer is open for writing
  /// @throws StepException if a read or a write fails
  /// @throws java.util.concurrent.CancellationException if the progress throws it
  public static PullResult commit(Chain disk, int depth, Throttle throttle, Progress progress)
      throws IOException {
    List<io.varve.image.Layer> layers = disk.layers();
    if (depth < 1
        || depth >= layers.size()
        || !(layers.get(depth) instanceof WritableLayer base)
        || !base.writable()) {
      throw new IllegalArgumentException(
          "%s: layer %d is no base that is open for writing".formatted(disk.top().name(), depth));
    }
    CommitOp op = new CommitOp(disk, depth, base, throttle, progress);
    if (op.size > base.size()) {
      base.resize(op.size, op.belowBase);
    }
    Workers.run(op.size <= PIECE ? 1 : THREADS, op::work);
    base.flush();
    return new PullResult(op.copied.get(), op.zeroed.get());
  }

  private record Piece(long at, long length, boolean zero, long number) {}

  private void work() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
    try {
      for (Piece piece = next(); piece != null; piece = next()) {
        if (!piece.zero()) {
          read(piece, buffer);
        }
        if (!turns.await(piece.number())) {
          return;
        }
        throttle.take(piece.length());
        write(piece, buffer);
        turns.done(piece.number());
      }
    } catch (IOException e) {
      turns.stop();
      throw new UncheckedIOException(e);
    } catch (RuntimeException | Error e) {
      turns.stop();
      throw e;
    }
  }

  /// The next piece to move, null at the end.
  private synchronized @Nullable Piece next() throws IOException {
    while (at < size && !turns.stopped()) {
      progress.advance(at, size);
      if (at < heldEnd || findHeld()) {
        return pieceHere();
      }
    }
    if (at >= size) {
      progress.advance(size, size);
    }
    return null;
  }

  /// Moves to the next unit that layers above the base hold a part of. False: not here, `at` moved.
  private boolean findHeld() throws IOException {
    BlockStatus status = status(at, true);
    // Zeros of nobody: a layer above the base ends here, and its end hides what the base holds.
    if (!status.present() && !status.zero()) {
      at = status.end();
      return false;
    }
    at = Math.max(heldEnd, at - at % unit);
    heldEnd = Math.min(size, Math.ceilDiv(status.end(), unit) * unit);
    return true;
  }

  private Piece pieceHere() throws IOException {
    long start = at;
    BlockStatus status = status(start, false);
    long length = Math.min(status.length(), heldEnd - start);
    length -= length % unit;
    boolean zero = false;
    if (length == 0) {
      length = Math.min(unit, size - start);
    } else if (status.data()) {
      length = Math.min(length, PIECE);
    } else {
      zero = true;
    }
    at = start + length;
    return new Piece(start, length, zero, pieces++);
  }

  private BlockStatus status(long where, boolean aboveBase) throws IOException {
    try {
      long length = aboveBase ? size - where : heldEnd - where;
      return aboveBase ? reader.above(depth, where, length) : reader.at(where, length);
    } catch (IOException e) {
      throw new StepException(Step.STATUS, 0, where, e);
    }
  }

  private void read(Piece piece, ByteBuffer buffer) throws StepException {
    try {
      disk.read(GuestOffset.of(piece.at()), buffer.clear().limit((int) piece.length()));
    } catch (IOException e) {
      throw new StepException(Step.READ, 0, piece.at(), e);
    }
  }

  private void write(Piece piece, ByteBuffer buffer) throws StepException {
    GuestOffset where = GuestOffset.of(piece.at());
    try {
      if (piece.zero()) {
        base.zero(where, piece.length(), ZeroMode.UNMAP, belowBase);
        zeroed.addAndGet(piece.length());
      } else {
        base.write(where, buffer.clear().limit((int) piece.length()), belowBase);
        copied.addAndGet(piece.length());
      }
    } catch (IOException e) {
      throw new StepException(Step.WRITE, 0, piece.at(), e);
    }
  }
}
