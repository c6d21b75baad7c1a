// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.util.Arrays;

/// Finds blocks of zeros.
final class Zeros {
  private static final byte[] BLOCK = new byte[64 << 10];

  private Zeros() {}

  static boolean isZero(byte[] bytes, int from, int to) {
    for (int at = from; at < to; at += BLOCK.length) {
      int length = Math.min(BLOCK.length, to - at);
      if (!Arrays.equals(bytes, at, at + length, BLOCK, 0, length)) {
        return false;
      }
    }
    return true;
  }
}
