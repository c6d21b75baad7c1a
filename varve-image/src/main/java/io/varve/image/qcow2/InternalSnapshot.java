// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One internal snapshot of an image (spec: "Snapshots").
///
/// @param id a decimal number as text, unique in the image
/// @param name as given by its maker; QEMU allows the same name twice
/// @param takenAt when it was taken
/// @param vmStateSize bytes of saved VM memory, 0 for a snapshot of the disk alone
/// @param diskSize size of the disk at that time, bytes
/// @param vmClockNanos how long the guest had run, nanoseconds
/// @param icount instructions that the guest had run, -1: not known
/// @param lineage what is known of its place in the tree; null for a snapshot of another maker
public record InternalSnapshot(
    String id,
    String name,
    Instant takenAt,
    long vmStateSize,
    long diskSize,
    long vmClockNanos,
    long icount,
    @Nullable Lineage lineage) {
  /// The place of a snapshot in the tree.
  ///
  /// @param parentId id of the snapshot it was taken on; null for a first one, and where that
  ///   snapshot was deleted by another program
  /// @param current the disk stands on this snapshot
  public record Lineage(@Nullable String parentId, boolean current) {}
}
