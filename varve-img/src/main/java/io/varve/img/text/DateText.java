// SPDX-License-Identifier: Apache-2.0
package io.varve.img.text;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/// Times as snapshots show them.
public final class DateText {
  private DateText() {}

  /// `2026-01-31 08:05:09`, in the time zone of this machine.
  public static String of(Instant when) {
    ZonedDateTime time = when.atZone(ZoneId.systemDefault());
    StringBuilder out = new StringBuilder(19);
    out.append(time.getYear()).append('-');
    two(out, time.getMonthValue()).append('-');
    two(out, time.getDayOfMonth()).append(' ');
    two(out, time.getHour()).append(':');
    two(out, time.getMinute()).append(':');
    return two(out, time.getSecond()).toString();
  }

  private static StringBuilder two(StringBuilder out, int number) {
    return out.append(number < 10 ? "0" : "").append(number);
  }
}
