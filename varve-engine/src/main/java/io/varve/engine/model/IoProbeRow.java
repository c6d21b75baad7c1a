// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// One row of the experiment: the same guest writes, at one moment of a disk's life.
///
/// @param kind of the snapshot that the row is before or after
/// @param phase when the writes are made
/// @param flushEach true if each write is flushed, false if there is one flush at the end
/// @param guest what was asked for
/// @param host what it cost
public record IoProbeRow(
    SnapshotKind kind, Phase phase, boolean flushEach, GuestIo guest, HostIo host) {

  /// The moment, in the order of the experiment.
  public enum Phase {
    /// Blocks never written before, no snapshot yet.
    NEW_DATA,
    /// The same blocks again, no snapshot yet.
    CHANGE_IN_PLACE,
    /// Blocks that the snapshot holds, for the first time since it was taken.
    FIRST_CHANGE_AFTER_SNAPSHOT,
    /// The same blocks once more.
    SECOND_CHANGE_AFTER_SNAPSHOT,
    /// Blocks that neither the snapshot nor the disk held.
    NEW_DATA_AFTER_SNAPSHOT
  }
}
