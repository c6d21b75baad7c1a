// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.util.List;

/// What deleting a snapshot or a disk did.
///
/// @param how what became of the thing named
/// @param freedBytes that went back to the store
/// @param movedBytes of data that were copied into a child to keep it readable
/// @param freedInFileBytes for compute snapshots: clusters freed inside the file, punched or not
/// @param punchedBytes for compute snapshots: of those, given back to the store by punching holes
/// @param storeCanPunch false where the store cannot punch: the clusters wait for reuse
/// @param collected retired layers that went along because their last reader was this one
/// @param notes further sentences for the user, such as why a layer is still kept
public record DeleteOutcome(
    How how,
    long freedBytes,
    long movedBytes,
    long freedInFileBytes,
    long punchedBytes,
    boolean storeCanPunch,
    int collected,
    List<String> notes) {

  /// What became of it.
  public enum How {
    /// Its file is gone.
    REMOVED,
    /// Its data moved into its only child, then its file went.
    MERGED,
    /// The name is gone; the file stays while others read it.
    RETIRED,
    /// A compute snapshot: its index and its own clusters are freed inside the file.
    FREED_IN_FILE
  }
}
