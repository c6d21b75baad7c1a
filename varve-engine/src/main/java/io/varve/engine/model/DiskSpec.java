// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// A new, empty disk.
///
/// @param size bytes that the guest sees, a positive multiple of 512
/// @param clusterSize bytes, a power of two from 512 to 2 MiB
/// @param extendedL2 32 subclusters per cluster: cheaper first writes after a snapshot; needs QEMU
///   5.2 and clusters of 16 KiB or more
/// @param version of qcow2: 3, or 2 for very old readers
/// @param formatDevice on an external pool that is a block device: yes, overwrite what it holds
public record DiskSpec(
    long size, int clusterSize, boolean extendedL2, int version, boolean formatDevice) {
  public static final int DEFAULT_CLUSTER_SIZE = 64 << 10;

  public static DiskSpec of(long size) {
    return new DiskSpec(size, DEFAULT_CLUSTER_SIZE, false, 3, false);
  }

  public DiskSpec withClusterSize(int bytes) {
    return new DiskSpec(size, bytes, extendedL2, version, formatDevice);
  }

  public DiskSpec withExtendedL2(boolean on) {
    return new DiskSpec(size, clusterSize, on, version, formatDevice);
  }

  public DiskSpec withVersion(int qcow2Version) {
    return new DiskSpec(size, clusterSize, extendedL2, qcow2Version, formatDevice);
  }

  public DiskSpec withFormatDevice(boolean yes) {
    return new DiskSpec(size, clusterSize, extendedL2, version, yes);
  }
}
