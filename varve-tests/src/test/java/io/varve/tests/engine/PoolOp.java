// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import java.io.Serializable;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// One step of a random history of a pool. A list of them can be read, and played again.
sealed interface PoolOp extends Serializable {
  /// A verb on one disk.
  sealed interface OnDisk extends PoolOp {
    String disk();
  }

  /// An empty disk.
  record Create(String disk, long size, int clusterSize, boolean extendedL2, int version)
      implements OnDisk {}

  /// A disk from a raw image with [Contents#random] of that number.
  record Import(String disk, long size, long number) implements OnDisk {}

  /// An image that QEMU made in the place, with [Contents#random] of that number.
  record Register(String disk, long size, long number, String options) implements OnDisk {}

  /// Writes the [io.varve.testkit.Stamp] of that number.
  record Write(String disk, long at, int length, long number) implements OnDisk {}

  record Zero(String disk, long at, long length) implements OnDisk {}

  record Discard(String disk, long at, long length) implements OnDisk {}

  record Resize(String disk, long size) implements OnDisk {}

  record Snapshot(String disk, String name) implements OnDisk {}

  /// @param keepAs null to lose what was written since
  record Revert(String disk, String name, @Nullable String keepAs) implements OnDisk {}

  record DeleteSnapshot(String disk, String name) implements OnDisk {}

  /// Deletes a disk with its snapshots.
  record DeleteDisk(String disk) implements OnDisk {}

  /// @param snapshot null to clone the disk as it is
  record FastClone(String disk, @Nullable String snapshot, String made) implements OnDisk {}

  /// @param snapshot null to clone the disk as it is
  record FullClone(String disk, @Nullable String snapshot, String made) implements OnDisk {}

  /// `qemu-img snapshot` with a flag: -c, -a or -d.
  record Qemu(String disk, String flag, String name) implements OnDisk {}

  /// Merges retired layers, also into clones.
  record Collect() implements PoolOp {}

  /// Closes the engine and opens it again.
  record Reopen() implements PoolOp {}

  /// Deletes the catalog; a rescan brings everything back.
  record LoseCatalog() implements PoolOp {}

  /// Gives the pool's folder another name.
  record MovePool() implements PoolOp {}

  /// The list as text, a step per line.
  static String text(List<? extends PoolOp> ops) {
    return ops.stream().map(Object::toString).collect(Collectors.joining("\n  ", "  ", ""));
  }
}
