// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

/// The limits that QEMU 10 enforces when it opens an image. The format itself has wider ones in
/// places; what goes beyond these no program would open, so Varve refuses it as QEMU does.
public final class Limits {
  public static final int MIN_CLUSTER_BITS = 9;
  public static final int MAX_CLUSTER_BITS = 21;

  /// A subcluster, 1/32 of a cluster, has at least 512 bytes.
  public static final int MIN_EXTENDED_L2_CLUSTER_BITS = 14;

  public static final long MAX_L1_BYTES = 32L << 20;
  public static final long MAX_REFCOUNT_TABLE_BYTES = 8L << 20;
  public static final int MAX_REFCOUNT_ORDER = 6;

  public static final int MAX_SNAPSHOTS = 65536;
  public static final long MAX_SNAPSHOT_TABLE_BYTES = 1024L * MAX_SNAPSHOTS;
  public static final int MAX_SNAPSHOT_EXTRA = 1024;

  /// Bytes, without a terminating NUL.
  public static final int MAX_BACKING_NAME = 1023;

  /// Bytes; QEMU keeps the name of the format in 16 with its NUL.
  public static final int MAX_BACKING_FORMAT = 15;

  public static final int MAX_BITMAPS = 65535;
  public static final long MAX_BITMAP_DIRECTORY_BYTES = 1024L * MAX_BITMAPS;
  public static final int MAX_BITMAP_TABLE_ENTRIES = 0x8000000;
  public static final int MAX_BITMAP_NAME = 1023;

  private Limits() {}
}
