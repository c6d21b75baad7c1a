// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import java.time.Duration;
import java.util.Locale;

/// Times as people read them: `0.42 ms`, `17 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`.
public final class Elapsed {
  private Elapsed() {}

  public static String human(Duration time) {
    double millis = time.toNanos() / 1e6;
    if (millis < 9.95) {
      return ByteSize.threeDigits(millis) + " ms";
    }
    if (millis < 999.5) {
      return Math.round(millis) + " ms";
    }
    double seconds = millis / 1000;
    if (seconds < 99.5) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 3600) {
      return "%d min %d s".formatted(whole / 60, whole % 60);
    }
    return "%d h %d min".formatted(whole / 3600, whole % 3600 / 60);
  }

  /// The time since `startNanos`, a reading of [System#nanoTime()].
  public static Duration since(long startNanos) {
    return Duration.ofNanos(System.nanoTime() - startNanos);
  }
}
