// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.Pause;
import java.time.Duration;
import java.time.InstantSource;

/// Spreads bytes over time: pauses until as much time has passed as the bytes so far may take. For
/// one thread.
final class JobRate {
  /// Longest pause without a look at what has changed meanwhile.
  private static final long LONGEST_MILLIS = 200;

  private final InstantSource clock;
  private final Pause pause;
  private long bytesPerSecond;
  private long since;
  private long bytes;

  JobRate(InstantSource clock, Pause pause) {
    this.clock = clock;
    this.pause = pause;
  }

  /// From now on, so many; 0 for any number.
  void set(long perSecond) {
    if (perSecond != bytesPerSecond) {
      bytesPerSecond = perSecond;
      since = clock.millis();
      bytes = 0;
    }
  }

  /// Bytes were moved.
  void add(long more) {
    bytes += more;
  }

  /// Pauses a moment if it is too early to move more; false if it is not.
  boolean pauseIfEarly() {
    if (bytesPerSecond == 0) {
      return false;
    }
    long due = since + millisFor(bytes);
    long early = due - clock.millis();
    if (early <= 0) {
      return false;
    }
    pause.pause(Duration.ofMillis(Math.min(early, LONGEST_MILLIS)));
    return true;
  }

  private long millisFor(long amount) {
    return amount / bytesPerSecond * 1000 + amount % bytesPerSecond * 1000 / bytesPerSecond;
  }
}
