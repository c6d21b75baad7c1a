// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import io.varve.engine.InvalidRequestException;
import io.varve.engine.ProblemCode;
import java.time.LocalTime;
import java.time.format.DateTimeParseException;

/// The hours of the day in which a job may run, local time. A window may pass midnight.
///
/// @param from the first minute in it
/// @param to the first minute behind it, another than `from`
public record JobWindow(LocalTime from, LocalTime to) {
  public JobWindow {
    if (from.equals(to)) {
      throw invalid(from + "-" + to, "it begins when it ends");
    }
  }

  /// Reads `HH:MM-HH:MM`.
  ///
  /// @throws InvalidRequestException if it is not that
  public static JobWindow parse(String text) {
    int dash = text.indexOf('-');
    if (dash < 0) {
      throw invalid(text, "it has no '-'");
    }
    try {
      return new JobWindow(
          LocalTime.parse(text.substring(0, dash).strip()),
          LocalTime.parse(text.substring(dash + 1).strip()));
    } catch (DateTimeParseException _) {
      throw invalid(text, "its times are not HH:MM");
    }
  }

  /// True if this time of the day lies in it.
  public boolean contains(LocalTime time) {
    boolean afterStart = !time.isBefore(from);
    boolean beforeEnd = time.isBefore(to);
    return from.isBefore(to) ? afterStart && beforeEnd : afterStart || beforeEnd;
  }

  private static InvalidRequestException invalid(String text, String why) {
    return new InvalidRequestException(
        ProblemCode.INVALID_REQUEST,
        "'" + text + "' is no window of time: " + why,
        "Write it as HH:MM-HH:MM, such as 22:00-06:00.");
  }

  /// As [#parse] reads it.
  @Override
  public String toString() {
    return from + "-" + to;
  }
}
