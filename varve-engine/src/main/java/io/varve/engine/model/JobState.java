// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// Where a job is in its life.
///
/// ```
/// QUEUED --run--> RUNNING --> DONE | FAILED
///    ^               |
///    |               +--> WAITING (a layer is in use, or outside of its window)
///    +---------------+-- PAUSED, by request; CANCELLED, by request and for good
/// ```
public enum JobState {
  /// It can be run at once.
  QUEUED,
  /// Someone works at it; or did, and died: then whoever runs jobs next goes on with it.
  RUNNING,
  /// Stopped by request until it is resumed.
  PAUSED,
  /// It could not go on when it was last run; its reason says why. The next run tries again.
  WAITING,
  DONE,
  /// It met an error, which its reason tells. To resume it is to try again.
  FAILED,
  CANCELLED;

  /// True if nothing will be done for it any more.
  public boolean ended() {
    return this == DONE || this == FAILED || this == CANCELLED;
  }

  /// True if a run would take it up.
  public boolean ready() {
    return this == QUEUED || this == RUNNING || this == WAITING;
  }
}
