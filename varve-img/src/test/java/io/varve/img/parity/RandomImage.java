// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import java.util.random.RandomGenerator;

/// What a random script believes of one of its images; a command that failed may have made it
/// wrong.
final class RandomImage {
  private final String name;
  private final String format;
  private final int cluster;
  private long size;

  RandomImage(String name, String format, int cluster, long size) {
    this.name = name;
    this.format = format;
    this.cluster = cluster;
    this.size = size;
  }

  String name() {
    return name;
  }

  String format() {
    return format;
  }

  int cluster() {
    return cluster;
  }

  long size() {
    return size;
  }

  void setSize(long size) {
    this.size = size;
  }

  /// Past the end of a shrunken disk, but in its last cluster, QEMU keeps the old data, and shows
  /// it when the disk grows again. With ours a disk always grows by zeros, so that disks shrink to
  /// whole clusters here.
  long otherSize(RandomGenerator random) {
    long next = Math.max(512, size + 512L * (random.nextInt(4000) - 1900));
    return next < size ? Math.min(size, Math.ceilDiv(next, cluster) * (long) cluster) : next;
  }
}
