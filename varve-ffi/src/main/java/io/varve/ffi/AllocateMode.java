// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

/// What `fallocate(2)` does to a range.
public enum AllocateMode {
  /// Reserve space; the file grows where it ends earlier.
  RESERVE(0),
  /// Reserve space, also past the end, without growing the file (`FALLOC_FL_KEEP_SIZE`).
  RESERVE_KEEP_SIZE(0x1),
  /// Give whole blocks back, zero the partial ones; the length stays (`PUNCH_HOLE | KEEP_SIZE`).
  PUNCH_HOLE(0x3),
  /// Zeros that stay reserved; the file grows where it ends earlier (`FALLOC_FL_ZERO_RANGE`).
  ZERO_RANGE(0x10),
  /// Zeros that stay reserved; the length stays (`ZERO_RANGE | KEEP_SIZE`).
  ZERO_RANGE_KEEP_SIZE(0x11);

  private final int bits;

  AllocateMode(int bits) {
    this.bits = bits;
  }

  int bits() {
    return bits;
  }
}
