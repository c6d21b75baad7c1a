// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

import java.util.Arrays;

/// The runs of one unit while its page is made; they cover the unit without a gap.
final class UnitRuns {
  /// Nothing has filled this run yet; no entry looks like it.
  static final long OPEN = -1;

  private final int unitBytes;
  private int count = 1;
  private int[] starts = new int[4];
  private long[] entries = new long[4];

  /// One run over all.
  UnitRuns(int unitBytes, long entry) {
    this.unitBytes = unitBytes;
    entries[0] = entry;
  }

  int count() {
    return count;
  }

  int start(int run) {
    return starts[run];
  }

  int end(int run) {
    return run + 1 < count ? starts[run + 1] : unitBytes;
  }

  long entry(int run) {
    return entries[run];
  }

  /// The first open offset at or after `at`; the unit's size where there is none.
  int nextOpen(int at) {
    for (int i = 0; i < count; i++) {
      if (entries[i] == OPEN && end(i) > at) {
        return Math.max(at, starts[i]);
      }
    }
    return unitBytes;
  }

  /// Fills what is open between two offsets.
  ///
  /// @param entry of the byte at `from`
  void fill(int from, int to, long entry) {
    int[] oldStarts = starts;
    long[] oldEntries = entries;
    int oldCount = count;
    starts = new int[oldCount + 4];
    entries = new long[oldCount + 4];
    count = 0;
    for (int i = 0; i < oldCount; i++) {
      int start = oldStarts[i];
      int end = i + 1 < oldCount ? oldStarts[i + 1] : unitBytes;
      int first = Math.max(start, from);
      int last = Math.min(end, to);
      if (oldEntries[i] != OPEN || first >= last) {
        append(start, oldEntries[i]);
        continue;
      }
      if (start < first) {
        append(start, OPEN);
      }
      append(first, MapEntry.advance(entry, first - from));
      if (last < end) {
        append(last, OPEN);
      }
    }
  }

  private void append(int start, long entry) {
    if (count > 0 && continues(entries[count - 1], start - starts[count - 1], entry)) {
      return;
    }
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, 2 * count);
      entries = Arrays.copyOf(entries, 2 * count);
    }
    starts[count] = start;
    entries[count++] = entry;
  }

  private static boolean continues(long left, int bytes, long right) {
    return left == OPEN || right == OPEN ? left == right : MapEntry.advance(left, bytes) == right;
  }

  /// Newest slot that any run names.
  int newestSlot() {
    int newest = 0;
    for (int i = 0; i < count; i++) {
      newest = entries[i] == OPEN ? newest : Math.max(newest, MapEntry.slot(entries[i]));
    }
    return newest;
  }
}
