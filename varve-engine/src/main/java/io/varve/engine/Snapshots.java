// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DiskView;
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

  /// Deletes a snapshot. Always accepted: what others still read is merged or kept until they do
  /// not.
  DeleteOutcome delete(DiskAddress snapshot);
}
