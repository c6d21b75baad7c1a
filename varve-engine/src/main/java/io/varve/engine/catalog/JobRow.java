// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import io.varve.engine.model.JobState;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A job; see [io.varve.engine.Jobs].
///
/// @param kind name of the kind, as the engine spells it
/// @param subject what it works at, as a user would name it
/// @param args what the kind needs to know, in the journal's own text form
/// @param totalBytes that it moves in all, as planned
/// @param doneBytes of them that are where they should be
/// @param freedBytes that went back to the store
/// @param bytesPerSecond most that it moves in a second; 0 for any
/// @param window as [io.varve.engine.model.JobWindow] writes it, or null
/// @param reason why it waits or failed, or null
/// @param createdMillis since the epoch
/// @param startedMillis since the epoch, 0 before it was first run
/// @param endedMillis since the epoch, 0 before its end
/// @param version for compare-and-set: the one read; 0 for a new row
public record JobRow(
    UUID id,
    UUID pool,
    UUID family,
    String kind,
    String subject,
    JobState state,
    String args,
    long totalBytes,
    long doneBytes,
    long freedBytes,
    long bytesPerSecond,
    @Nullable String window,
    @Nullable String reason,
    long createdMillis,
    long startedMillis,
    long endedMillis,
    long version) {
  /// A job that is to be run.
  public static JobRow queued(
      UUID id, UUID pool, UUID family, String kind, String subject, String args, long created) {
    return new JobRow(
        id,
        pool,
        family,
        kind,
        subject,
        JobState.QUEUED,
        args,
        0,
        0,
        0,
        0,
        null,
        null,
        created,
        0,
        0,
        0);
  }

  /// For inserting it anew: a job is bound to its family.
  public JobRow withFamily(UUID newFamily) {
    return new JobRow(
        id,
        pool,
        newFamily,
        kind,
        subject,
        state,
        args,
        totalBytes,
        doneBytes,
        freedBytes,
        bytesPerSecond,
        window,
        reason,
        createdMillis,
        startedMillis,
        endedMillis,
        0);
  }

  public JobRow withState(JobState newState, @Nullable String newReason) {
    return new JobRow(
        id,
        pool,
        family,
        kind,
        subject,
        newState,
        args,
        totalBytes,
        doneBytes,
        freedBytes,
        bytesPerSecond,
        window,
        newReason,
        createdMillis,
        startedMillis,
        endedMillis,
        version);
  }

  public JobRow withArgs(String newArgs) {
    return new JobRow(
        id,
        pool,
        family,
        kind,
        subject,
        state,
        newArgs,
        totalBytes,
        doneBytes,
        freedBytes,
        bytesPerSecond,
        window,
        reason,
        createdMillis,
        startedMillis,
        endedMillis,
        version);
  }

  public JobRow withProgress(long total, long done) {
    return new JobRow(
        id,
        pool,
        family,
        kind,
        subject,
        state,
        args,
        total,
        done,
        freedBytes,
        bytesPerSecond,
        window,
        reason,
        createdMillis,
        startedMillis,
        endedMillis,
        version);
  }

  public JobRow withFreed(long freed) {
    return new JobRow(
        id,
        pool,
        family,
        kind,
        subject,
        state,
        args,
        totalBytes,
        doneBytes,
        freed,
        bytesPerSecond,
        window,
        reason,
        createdMillis,
        startedMillis,
        endedMillis,
        version);
  }

  public JobRow withTimes(long started, long ended) {
    return new JobRow(
        id,
        pool,
        family,
        kind,
        subject,
        state,
        args,
        totalBytes,
        doneBytes,
        freedBytes,
        bytesPerSecond,
        window,
        reason,
        createdMillis,
        started,
        ended,
        version);
  }

  public JobRow withTerms(long newBytesPerSecond, @Nullable String newWindow) {
    return new JobRow(
        id,
        pool,
        family,
        kind,
        subject,
        state,
        args,
        totalBytes,
        doneBytes,
        freedBytes,
        newBytesPerSecond,
        newWindow,
        reason,
        createdMillis,
        startedMillis,
        endedMillis,
        version);
  }

  /// For catalogs: the same row as it is stored under this version.
  public JobRow withVersion(long stored) {
    return new JobRow(
        id,
        pool,
        family,
        kind,
        subject,
        state,
        args,
        totalBytes,
        doneBytes,
        freedBytes,
        bytesPerSecond,
        window,
        reason,
        createdMillis,
        startedMillis,
        endedMillis,
        stored);
  }
}
