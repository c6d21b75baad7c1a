// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

/// Numbers as C prints them.
final class Hex {
  private Hex() {}

  /// As `0x%x`.
  static String of(long value) {
    return "0x" + Long.toHexString(value);
  }

  /// As `%#x`: zero has no prefix.
  static String alternate(long value) {
    return value == 0 ? "0" : of(value);
  }

  /// As `%x`.
  static String bare(long value) {
    return Long.toHexString(value);
  }
}
