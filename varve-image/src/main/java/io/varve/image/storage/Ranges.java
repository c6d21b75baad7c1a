// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

/// Checks on byte ranges, and how messages spell them.
final class Ranges {
  private Ranges() {}

  /// @throws IllegalArgumentException if either is negative or the end does not fit a long
  static void require(long position, long length) {
    if (position < 0 || length < 0 || position > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException("range " + text(position, length) + " does not exist");
    }
  }

  static String text(long position, long length) {
    return "of " + length + " bytes at 0x" + Long.toHexString(position);
  }

  static String beyond(String name, String doing, long position, long length, long size) {
    return name
        + ": "
        + doing
        + " "
        + text(position, length)
        + ": reaches past the fixed size of "
        + size
        + " bytes";
  }
}
