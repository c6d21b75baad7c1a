// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainExtent;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// Finds the ranges in which two states of a disk may differ, by the indexes of the layers above
/// their common base alone: the cost goes with what these layers hold, not with the disk's size. No
/// data is read.
///
/// What is left out reads the same in both. What is reported may still be equal, where a guest
/// wrote the bytes that were there: [DifferentBytes] leaves that out, too, by reading.
///
/// Memory is one extent for each layer above the common base. For one thread.
public final class DiffOp {
  private final @Nullable Chain from;
  private final Chain to;
  private final boolean oneFile;
  private final RangeJoiner out;

  private DiffOp(Sides sides, RangeSink sink) {
    this.from = sides.from;
    this.to = sides.to;
    this.oneFile = sides.oneFile;
    this.out = new RangeJoiner(sink);
  }

  /// Two states of a disk.
  ///
  /// @param from the older one, or whichever the ranges are to be put on; null for an empty disk
  /// @param fromAbove how many of its layers lie above the first one that both share
  /// @param to the state that the ranges lead to
  /// @param toAbove likewise; all of its layers if they share none
  /// @param oneFile the top layers are two states of one file: snapshots inside it, or the active
  ///   state, so that equal host offsets mean equal bytes
  public record Sides(@Nullable Chain from, int fromAbove, Chain to, int toAbove, boolean oneFile) {
    /// Everything that a state holds.
    public static Sides whole(Chain to) {
      return new Sides(null, 0, to, to.depth(), false);
    }
  }

  /// Reports the ranges below the end of `to`, ascending. Behind the end of `from` its side reads
  /// as zero.
  public static void ranges(Sides sides, RangeSink sink) throws IOException {
    DiffOp op = new DiffOp(sides, sink);
    op.sweep(sides);
    op.out.end();
  }

  /// Bytes in the ranges of both kinds.
  public static DiffTotals total(Sides sides) throws IOException {
    long[] sums = new long[3];
    ranges(
        sides,
        (_, length, zero) -> {
          sums[zero ? 1 : 0] += length;
          sums[2]++;
        });
    return new DiffTotals(sums[2], sums[0], sums[1]);
  }

  private void sweep(Sides sides) throws IOException {
    long limit = to.size();
    PriorityQueue<HeldCursor> cursors =
        new PriorityQueue<>(Comparator.comparingLong(HeldCursor::start));
    addAll(cursors, to.layers(sides.toAbove), limit);
    if (from != null) {
      addAll(cursors, from.layers(sides.fromAbove), limit);
    }
    long at = 0;
    for (HeldCursor next = cursors.poll(); next != null; next = cursors.poll()) {
      long end = Math.min(next.end(), limit);
      if (end > at) {
        classify(Math.max(at, next.start()), end);
        at = end;
      }
      if (next.seek(Math.max(at, next.end()))) {
        cursors.add(next);
      }
    }
  }

  private static void addAll(PriorityQueue<HeldCursor> cursors, List<Layer> layers, long limit)
      throws IOException {
    for (Layer layer : layers) {
      HeldCursor cursor = new HeldCursor(layer, limit);
      if (cursor.seek(0)) {
        cursors.add(cursor);
      }
    }
  }

  /// A range that some layer above the common base holds: what does each side read there?
  private void classify(long start, long end) throws IOException {
    long at = start;
    while (at < end) {
      ChainExtent now = to.where(GuestOffset.of(at), end - at);
      boolean zero = now.readsAsZero();
      long length = now.length();
      boolean same = zero;
      if (from != null && at < from.size()) {
        ChainExtent before = from.where(GuestOffset.of(at), Math.min(length, from.size() - at));
        length = before.length();
        same = zero ? before.readsAsZero() : samePlace(before, now);
      }
      if (!same) {
        out.range(at, length, zero);
      }
      at += length;
    }
  }

  private boolean samePlace(ChainExtent before, ChainExtent now) {
    return oneFile
        && before.depth() == 0
        && now.depth() == 0
        && before.kind() == now.kind()
        && (now.kind() == ExtentKind.DATA || now.kind() == ExtentKind.COMPRESSED)
        && before.hostOffset() >= 0
        && before.hostOffset() == now.hostOffset();
  }
}
