// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A job: work that a verb left to be done, such as moving data out of a layer whose name is gone.
///
/// @param id of the job; commands take any unique beginning of it
/// @param pool name of the pool that it works in
/// @param kind what it does, such as `merge`
/// @param subject what it does it to, as a user would name it
/// @param doneBytes of `totalBytes`, exact; how much of the data that the job moves is where it
///   should be
/// @param freedBytes that went back to the store, known when it is done
/// @param bytesPerSecond that it moves at most; 0 for as fast as it can
/// @param window in which it may run, or null for always
/// @param reason why it waits or failed, else null
/// @param started when it was first run, or null
/// @param ended or null
public record JobView(
    UUID id,
    String pool,
    String kind,
    String subject,
    JobState state,
    long totalBytes,
    long doneBytes,
    long freedBytes,
    long bytesPerSecond,
    @Nullable JobWindow window,
    @Nullable String reason,
    Instant created,
    @Nullable Instant started,
    @Nullable Instant ended) {

  /// The beginning of the id that lists show.
  public String shortId() {
    return id.toString().substring(0, 8);
  }
}
