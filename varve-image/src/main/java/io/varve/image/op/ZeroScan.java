// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// Looks for zeros in a buffer, and for differences between two.
///
/// In short steps, so that the comparison is called often: until the compiler has seen it some
/// hundred times it is a loop in the interpreter and not a vector instruction, and a process that
/// converts one disk is over soon.
final class ZeroScan {
  private static final int STEP = 4096;
  private static final byte[] BLOCK = new byte[STEP];
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(BLOCK.length);

  private ZeroScan() {}

  static boolean isZero(byte[] bytes, int from, int to) {
    for (int at = from; at < to; at += BLOCK.length) {
      int length = Math.min(BLOCK.length, to - at);
      if (!Arrays.equals(bytes, at, at + length, BLOCK, 0, length)) {
        return false;
      }
    }
    return true;
  }

  /// Index of the first byte of the range that is not zero, `to` if there is none.
  static int firstData(ByteBuffer bytes, int from, int to) {
    for (int at = from; at < to; at += BLOCK.length) {
      int length = Math.min(BLOCK.length, to - at);
      int found = bytes.slice(at, length).mismatch(ZEROS.slice(0, length));
      if (found >= 0) {
        return at + found;
      }
    }
    return to;
  }

  /// Index of the first byte in which the first `length` bytes of both differ, -1 if none does.
  static int mismatch(ByteBuffer left, ByteBuffer right, int length) {
    for (int at = 0; at < length; at += STEP) {
      int step = Math.min(STEP, length - at);
      int found = left.slice(at, step).mismatch(right.slice(at, step));
      if (found >= 0) {
        return at + found;
      }
    }
    return -1;
  }
}
