// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

/// How to open a qcow2 layer.
///
/// @param writable take changes; a dirty image is then repaired first
/// @param cacheBytes bound of the metadata held in memory (L2 tables and refcount blocks), bytes;
///   the L1 table comes on top
/// @param punchFreed give freed clusters back to the file system where it can punch holes
/// @param requireWhole a cluster that the index places behind the end of the file is damage: the
///   file was cut short. Without it such a cluster reads as zero, as in QEMU
public record Qcow2Options(
    boolean writable, long cacheBytes, boolean punchFreed, boolean requireWhole) {
  private static final long DEFAULT_CACHE = 32L << 20;

  public static Qcow2Options readOnly() {
    return new Qcow2Options(false, DEFAULT_CACHE, false, false);
  }

  public static Qcow2Options readWrite() {
    return new Qcow2Options(true, DEFAULT_CACHE, true, false);
  }

  public Qcow2Options withCacheBytes(long bytes) {
    return new Qcow2Options(writable, bytes, punchFreed, requireWhole);
  }

  public Qcow2Options withPunchFreed(boolean punch) {
    return new Qcow2Options(writable, cacheBytes, punch, requireWhole);
  }

  public Qcow2Options withRequireWhole(boolean whole) {
    return new Qcow2Options(writable, cacheBytes, punchFreed, whole);
  }
}
