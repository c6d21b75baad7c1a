// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What deleting snapshots would do. The figures come from the same walk over the indexes as the
/// work itself, so they are what happens, to the cluster, as long as nobody writes to the layers
/// meanwhile. (A file that was just made has holes in its header, L1 table and refcounts; a page of
/// each may be written when it takes data over.)
///
/// @param snapshots that would be deleted
/// @param freedBytes that the store gets back in all, once the jobs are done
/// @param movedBytes of data that the jobs put into layers that stay
/// @param freedInFileBytes for compute snapshots: freed inside the image
/// @param steps what becomes of each layer
/// @param dependents what reads through the snapshots now, and reads the same afterwards: disks,
///   clones and snapshots
/// @param notes further sentences for the user
public record DeletePreview(
    List<String> snapshots,
    long freedBytes,
    long movedBytes,
    long freedInFileBytes,
    List<Step> steps,
    List<String> dependents,
    List<String> notes) {
  /// The same with compute snapshots, which free their space inside the image.
  public DeletePreview withInside(List<String> names, long bytes) {
    List<String> all = new ArrayList<>(snapshots);
    all.addAll(names);
    List<String> more = new ArrayList<>(notes);
    if (names.size() > 1) {
      more.add("what several of the compute snapshots share is freed too, and not counted here");
    }
    return new DeletePreview(all, freedBytes, movedBytes, bytes, steps, dependents, more);
  }

  /// What becomes of layers that lie one on the other.
  ///
  /// @param layers whose names or files go, the uppermost first
  /// @param into what reads them and stays, for a merge, else null
  /// @param direction for a merge, else null
  /// @param movedBytes of data put into the file that stays
  /// @param freedBytes that the store gets back
  public record Step(
      Action action,
      List<String> layers,
      @Nullable String into,
      @Nullable Direction direction,
      long movedBytes,
      long freedBytes) {}

  /// What becomes of a layer.
  public enum Action {
    /// Nobody reads it: its file goes.
    REMOVE,
    /// One node reads it: they become one.
    MERGE,
    /// Several nodes read it: the name goes, the file stays until one is left.
    KEEP
  }

  /// Which file a merge keeps.
  public enum Direction {
    /// The reader's: it takes what the layers beneath it hold.
    UP,
    /// The lowest layer's: it takes what those above it hold, and the reader's name.
    DOWN,
    /// One between.
    BOTH
  }
}
