// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// Looks for zeros in a buffer.
final class ZeroScan {
  private static final byte[] BLOCK = new byte[64 << 10];
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
}
