// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

/// One entry of the refcount table (spec: "Reference count handling").
///
/// | bits | name | meaning |
/// |---|---|---|
/// | 0-8 | reserved | 0 |
/// | 9-63 | offset | host offset of the refcount block, cluster aligned; 0: all counts are 0 |
public final class RefcountTableEntry {
  public static final long OFFSET_MASK = 0xffff_ffff_ffff_fe00L;

  private RefcountTableEntry() {}

  public static long offset(long entry) {
    return entry & OFFSET_MASK;
  }

  public static boolean reservedBitsSet(long entry) {
    return (entry & ~OFFSET_MASK) != 0;
  }
}
