// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// What deleting a snapshot or a disk did.
///
/// @param how what became of the thing named
/// @param freedBytes that went back to the store
/// @param movedBytes of data that were copied into a child to keep it readable
/// @param freedInFileBytes for compute snapshots: clusters freed inside the file, punched or not
/// @param punchedBytes for compute snapshots: of those, given back to the store by punching holes
/// @param storeCanPunch false where the store cannot punch: the clusters wait for reuse
/// @param collected retired layers that went along because their last reader was this one
/// @param jobs that move the data of what was deleted into what stands on it, and then free it
/// @param notes further sentences for the user, such as why a layer is still kept
public record DeleteOutcome(
    How how,
    long freedBytes,
    long movedBytes,
    long freedInFileBytes,
    long punchedBytes,
    boolean storeCanPunch,
    int collected,
    List<UUID> jobs,
    List<String> notes) {

  /// Both together.
  public DeleteOutcome plus(DeleteOutcome other) {
    List<UUID> allJobs = new ArrayList<>(jobs);
    allJobs.addAll(other.jobs);
    List<String> allNotes = new ArrayList<>(notes);
    allNotes.addAll(other.notes);
    return new DeleteOutcome(
        how,
        freedBytes + other.freedBytes,
        movedBytes + other.movedBytes,
        freedInFileBytes + other.freedInFileBytes,
        punchedBytes + other.punchedBytes,
        storeCanPunch && other.storeCanPunch,
        collected + other.collected,
        allJobs,
        allNotes);
  }

  /// The same, with jobs.
  public DeleteOutcome with(List<UUID> moreJobs) {
    return new DeleteOutcome(
        how,
        freedBytes,
        movedBytes,
        freedInFileBytes,
        punchedBytes,
        storeCanPunch,
        collected,
        moreJobs,
        notes);
  }

  /// What became of it.
  public enum How {
    /// Its file is gone.
    REMOVED,
    /// Its data moved into its only child, then its file went.
    MERGED,
    /// The name is gone; a job moves the data, and then the file goes.
    QUEUED,
    /// The name is gone; the file stays while others read it.
    RETIRED,
    /// A compute snapshot: its index and its own clusters are freed inside the file.
    FREED_IN_FILE
  }
}
