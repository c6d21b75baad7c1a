// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

/// One entry of an L1 table (spec: "L1 table entry").
///
/// | bits | name | meaning |
/// |---|---|---|
/// | 0-8 | reserved | 0 |
/// | 9-55 | offset | host offset of the L2 table, cluster aligned; 0: none |
/// | 56-62 | reserved | 0 |
/// | 63 | COPIED | refcount of the L2 table is exactly one; trustworthy only in the active L1 |
public final class L1Entry {
  public static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
  public static final long COPIED = 1L << 63;
  public static final long RESERVED_MASK = ~(OFFSET_MASK | COPIED);

  private L1Entry() {}

  public static long of(long l2TableOffset, boolean copied) {
    return l2TableOffset | (copied ? COPIED : 0);
  }

  public static long offset(long entry) {
    return entry & OFFSET_MASK;
  }

  public static boolean copied(long entry) {
    return (entry & COPIED) != 0;
  }

  public static boolean reservedBitsSet(long entry) {
    return (entry & RESERVED_MASK) != 0;
  }
}
