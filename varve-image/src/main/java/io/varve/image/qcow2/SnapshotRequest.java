// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import java.time.Instant;

/// What a new internal snapshot shall say of itself.
///
/// @param name at most 65535 bytes of UTF-8; other snapshots may have the same
/// @param when it is taken
/// @param vmStateSize bytes of VM state that were written to the image before ([VmState]), 0: none
/// @param vmClockNanos how long the guest has run, nanoseconds
/// @param icount instructions that the guest has run, -1: not known
public record SnapshotRequest(
    String name, Instant when, long vmStateSize, long vmClockNanos, long icount) {
  /// A snapshot of the disk alone.
  public static SnapshotRequest ofDisk(String name, Instant when) {
    return new SnapshotRequest(name, when, 0, 0, -1);
  }

  public SnapshotRequest withIcount(long instructions) {
    return new SnapshotRequest(name, when, vmStateSize, vmClockNanos, instructions);
  }

  public SnapshotRequest withVmState(long bytes, long clockNanos) {
    return new SnapshotRequest(name, when, bytes, clockNanos, icount);
  }
}
