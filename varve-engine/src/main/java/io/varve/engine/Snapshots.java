// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeletePreview;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.HoldView;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotTree;
import io.varve.engine.model.SnapshotView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// States of a disk, kept by name. A snapshot is a state, not a backup: it lies beside the disk.
/// Every method may be called from any thread and throws [VarveException].
public interface Snapshots {
  /// Takes a snapshot of the disk as it is now. Costs the same whatever the disk's size.
  SnapshotView create(DiskAddress disk, String name, SnapshotKindChoice kind);

  /// The tree of the disk, clones included.
  ///
  /// @param withSpace read the space of each layer (opens each file)
  SnapshotTree tree(DiskAddress disk, boolean withSpace);

  /// All snapshots of the disk by time.
  List<SnapshotView> list(DiskAddress disk);

  SnapshotView show(DiskAddress snapshot);

  /// Makes the disk what it was at the snapshot; every other node of the tree stays. What was
  /// written since the last snapshot is lost, unless `keepAs` names a snapshot to keep it in.
  DiskView revert(DiskAddress snapshot, @Nullable String keepAs);

  /// Deletes a snapshot. Always accepted, and returns at once: the name is gone, and so is the file
  /// where nobody else read it. What one node still reads is merged into it by a job, see
  /// [DeleteOutcome#jobs()] and [Jobs]; what several read is kept until they do not.
  DeleteOutcome delete(DiskAddress snapshot);

  /// Deletes snapshots of one disk as one: all storage snapshots among them lose their names in one
  /// step, and what of them is merged is moved once.
  DeleteOutcome delete(List<DiskAddress> snapshots);

  /// What [#delete(List)] would do, without doing anything. May be asked while VMs run.
  DeletePreview preview(List<DiskAddress> snapshots);

  /// Keeps a storage snapshot from being deleted, by itself or with its disk, until it is released.
  /// The file says so too, and a rescan brings it back; of whom and why only the catalog knows.
  ///
  /// @param holder who says so, one line of up to 255 characters
  /// @param reason for people, likewise; may be empty
  /// @throws RefusedException if it is held already
  HoldView hold(DiskAddress snapshot, String holder, String reason);

  /// Ends a hold. One that is not held stays as it is.
  void release(DiskAddress snapshot);

  /// The holds on snapshots of the disk.
  List<HoldView> holds(DiskAddress disk);

  /// Gives a storage snapshot another name. Clones, holds and whatever stands on it stay.
  SnapshotView rename(DiskAddress snapshot, String newName);

  /// The snapshots that an address names: one, or, as `disk@from..to`, all storage snapshots of the
  /// disk on the way between two of them, both included. The oldest first.
  List<DiskAddress> select(DiskAddress address);
}
