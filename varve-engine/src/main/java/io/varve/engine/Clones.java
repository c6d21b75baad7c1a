// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.FlattenPreview;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// New disks from what a disk is, or from what it was. Every method may be called from any thread
/// and throws [VarveException].
public interface Clones {
  /// Makes a disk that is an overlay on a snapshot; a disk is snapshotted for it first. Copies no
  /// data.
  CloneOutcome fast(DiskAddress source, String newName);

  /// The same, many at once: one snapshot, one transaction. All are made or none.
  List<CloneOutcome> fast(DiskAddress source, List<String> newNames);

  /// Makes a disk with a copy of all data, sparse, sharing blocks where the store can.
  ///
  /// @param targetPool null for the pool of the source
  CloneOutcome full(DiskAddress source, String newName, @Nullable String targetPool);

  /// What [#flatten] would move and free, to the byte, by the indexes alone.
  FlattenPreview previewFlatten(DiskAddress disk);

  /// Queues the job that makes a clone stand alone: its own lowest layer takes what it reads from
  /// layers of other disks, and is then cut loose from them, with all that stands on it. Nothing
  /// reads differently at any moment, and other clones go on meanwhile. If it is queued already,
  /// that job is told. Returns the id for [Jobs].
  UUID flatten(DiskAddress disk);
}
