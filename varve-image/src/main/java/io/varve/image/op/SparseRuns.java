// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.nio.ByteBuffer;

/// Divides a buffer into runs of data and runs of zeros, in whole sectors.
///
/// A run of zeros counts only if it is long enough, and its ends are moved inwards to aligned
/// offsets: many short writes would cost more than a few zeros. A short run of zeros in front of
/// data, and one that ends within an aligned block, are data.
final class SparseRuns {
  private static final int SECTOR = 512;

  private final int min;
  private final int alignment;

  private ByteBuffer buffer = ByteBuffer.allocate(0);
  private long guest;
  private int at;
  private int end;

  /// @param min shortest run of zeros, bytes
  /// @param alignment of the ends of runs, bytes, a power of two
  SparseRuns(int min, int alignment) {
    this.min = min;
    this.alignment = alignment;
  }

  void reset(ByteBuffer bytes, int length, long guestOffset) {
    buffer = bytes;
    end = length;
    at = 0;
    guest = guestOffset;
  }

  boolean hasNext() {
    return at < end;
  }

  int position() {
    return at;
  }

  /// Length of the run at [#position()], which moves behind it: above zero for data, the negated
  /// length for zeros.
  int next() {
    int start = at;
    int first = uniform(start);
    if (first < 0) {
      at = start - first;
      return first;
    }
    int used = start + first;
    int position = used;
    int shortest = Math.min(min, end - start);
    while (position < end) {
      int run = uniform(position);
      if (run < 0) {
        position -= run;
        if (-run >= shortest) {
          break;
        }
      } else {
        position += run;
        used = position;
      }
    }
    at = used;
    return used - start;
  }

  /// A run of sectors that are all zero (negative) or all not (positive), its end aligned.
  private int uniform(int from) {
    boolean zero = isZeroSector(from);
    int to = zero ? endOfZeros(from) : endOfData(from);
    if (to == end) {
      return zero ? from - to : to - from;
    }
    int tail = (int) (guest + to) & (alignment - 1);
    if (tail == 0) {
      return zero ? from - to : to - from;
    }
    if (zero && to - from > tail) {
      return from - (to - tail);
    }
    return Math.min(end, to + alignment - tail) - from;
  }

  private int endOfZeros(int from) {
    int data = ZeroScan.firstData(buffer, from, end);
    return data == end ? end : data - (data - from) % SECTOR;
  }

  private int endOfData(int from) {
    int to = Math.min(end, from + SECTOR);
    while (to < end && !isZeroSector(to)) {
      to = Math.min(end, to + SECTOR);
    }
    return to;
  }

  private boolean isZeroSector(int from) {
    int to = Math.min(end, from + SECTOR);
    // Most data shows in its first bytes.
    if (to - from >= Long.BYTES && buffer.getLong(from) != 0) {
      return false;
    }
    return ZeroScan.firstData(buffer, from, to) == to;
  }
}
