// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

/// One entry of an L2 table, or the first word of an extended one (spec: "L2 table entry").
///
/// | bits | name | meaning |
/// |---|---|---|
/// | 63 | COPIED | refcount of the host cluster is exactly one |
/// | 62 | COMPRESSED | bits 0-61 are a compressed cluster descriptor; COPIED is 0 |
/// | 56-61 | reserved | 0 |
/// | 9-55 | offset | host offset of the cluster; 0: none |
/// | 1-8 | reserved | 0 |
/// | 0 | ZERO | reads as zero; version 3 without extended L2 only |
///
/// Compressed cluster descriptor, with `x = 62 - (clusterBits - 8)`:
///
/// | bits | meaning |
/// |---|---|
/// | 0 .. x-1 | host offset of the first compressed byte, not aligned |
/// | x .. 61 | number of 512-byte sectors beyond the one that holds that byte |
public final class L2Entry {
  public static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
  public static final long COPIED = 1L << 63;
  public static final long COMPRESSED = 1L << 62;
  public static final long ZERO = 1L;

  private static final int SECTOR = 512;

  private L2Entry() {}

  public static long offset(long entry) {
    return entry & OFFSET_MASK;
  }

  public static boolean copied(long entry) {
    return (entry & COPIED) != 0;
  }

  public static boolean compressed(long entry) {
    return (entry & COMPRESSED) != 0;
  }

  public static boolean zero(long entry) {
    return (entry & ZERO) != 0;
  }

  /// Reserved bits of a standard (not compressed) entry; with extended L2 bit 0 is reserved too.
  public static boolean reservedBitsSet(long entry, boolean extendedL2) {
    long known = OFFSET_MASK | COPIED | COMPRESSED | (extendedL2 ? 0 : ZERO);
    return (entry & ~known) != 0;
  }

  /// Host offset of the first compressed byte.
  public static long compressedOffset(long entry, int clusterBits) {
    return entry & ((1L << offsetBits(clusterBits)) - 1);
  }

  /// Bytes from the first compressed byte to the end of its last sector: an upper bound of the
  /// compressed length, at most 511 bytes too many.
  public static int compressedLength(long entry, int clusterBits) {
    int x = offsetBits(clusterBits);
    long sectors = ((entry & ~(COPIED | COMPRESSED)) >>> x) + 1;
    return (int) (sectors * SECTOR - (compressedOffset(entry, clusterBits) & (SECTOR - 1)));
  }

  /// The entry for `length` compressed bytes at `offset`.
  public static long ofCompressed(long offset, int length, int clusterBits) {
    int x = offsetBits(clusterBits);
    long additional = (offset + length - 1) / SECTOR - offset / SECTOR;
    return COMPRESSED | (additional << x) | offset;
  }

  private static int offsetBits(int clusterBits) {
    return 62 - (clusterBits - 8);
  }
}
