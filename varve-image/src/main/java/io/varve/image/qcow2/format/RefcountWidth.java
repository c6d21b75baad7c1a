// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Reads and writes refcounts of 1, 2, 4, 8, 16, 32 or 64 bits in a refcount block (spec: "Refcount
/// block entry"). Widths below a byte count from the least significant bit; wider ones are big
/// endian. A 64-bit count is an unsigned number in a `long`.
public final class RefcountWidth {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  /// Bytes of [#ONES].
  private static final int STEP = 4096;

  /// Counts of 16 bits that are all one, as most of most images are.
  private static final byte[] ONES = new byte[STEP];

  static {
    for (int i = 1; i < STEP; i += 2) {
      ONES[i] = 1;
    }
  }

  private RefcountWidth() {}

  /// The count at `index` of a block, or of a part of one that begins at a byte of its own.
  public static long get(byte[] block, int index, int order) {
    return switch (order) {
      case 3 -> block[index] & 0xffL;
      case 4 -> (short) SHORT.get(block, index * 2) & 0xffffL;
      case 5 -> (int) INT.get(block, index * 4) & 0xffff_ffffL;
      case 6 -> (long) LONG.get(block, index * 8);
      default -> (block[index >> (3 - order)] >>> shift(index, order)) & mask(order);
    };
  }

  /// Stores `count`, which must fit the width.
  public static void set(byte[] block, int index, int order, long count) {
    switch (order) {
      case 3 -> block[index] = (byte) count;
      case 4 -> SHORT.set(block, index * 2, (short) count);
      case 5 -> INT.set(block, index * 4, (int) count);
      case 6 -> LONG.set(block, index * 8, count);
      default -> {
        int at = index >> (3 - order);
        int shift = shift(index, order);
        int cleared = block[at] & ~(mask(order) << shift);
        block[at] = (byte) (cleared | ((int) count & mask(order)) << shift);
      }
    }
  }

  /// The first of `count` counts from `index` on that equals `value`, or -1.
  public static int find(byte[] block, int index, int count, int order, long value) {
    if (order == 4) {
      short wanted = (short) value;
      for (int i = index; i < index + count; i++) {
        if ((short) SHORT.get(block, i * 2) == wanted) {
          return i;
        }
      }
      return -1;
    }
    for (int i = index; i < index + count; i++) {
      if (get(block, i, order) == value) {
        return i;
      }
    }
    return -1;
  }

  /// The first of `count` counts from `index` on that differs from `value`, or -1.
  public static int findOther(byte[] block, int index, int count, int order, long value) {
    if (order == 4) {
      if (value == 1) {
        return findOtherThanOne(block, index, count);
      }
      short passed = (short) value;
      for (int i = index; i < index + count; i++) {
        if ((short) SHORT.get(block, i * 2) != passed) {
          return i;
        }
      }
      return -1;
    }
    for (int i = index; i < index + count; i++) {
      if (get(block, i, order) != value) {
        return i;
      }
    }
    return -1;
  }

  /// Many at a time, in short steps: until it is compiled, this is a loop in the interpreter.
  private static int findOtherThanOne(byte[] block, int index, int count) {
    int end = (index + count) * 2;
    for (int at = index * 2; at < end; at += STEP) {
      int step = Math.min(STEP, end - at);
      int found = Arrays.mismatch(block, at, at + step, ONES, 0, step);
      if (found >= 0) {
        return (at + found) / 2;
      }
    }
    return -1;
  }

  /// Stores the same count `count` times from `index` on.
  public static void fill(byte[] block, int index, int count, int order, long value) {
    if (order == 4) {
      for (int i = index; i < index + count; i++) {
        SHORT.set(block, i * 2, (short) value);
      }
      return;
    }
    for (int i = index; i < index + count; i++) {
      set(block, i, order, value);
    }
  }

  /// Adds `delta` to each of `count` counts from `index` on; each result must fit the width.
  public static void add(byte[] block, int index, int count, int order, int delta) {
    if (order == 4) {
      for (int i = index; i < index + count; i++) {
        SHORT.set(block, i * 2, (short) ((short) SHORT.get(block, i * 2) + delta));
      }
      return;
    }
    for (int i = index; i < index + count; i++) {
      set(block, i, order, get(block, i, order) + delta);
    }
  }

  private static int shift(int index, int order) {
    return (index & ((8 >> order) - 1)) << order;
  }

  private static int mask(int order) {
    return (1 << (1 << order)) - 1;
  }
}
