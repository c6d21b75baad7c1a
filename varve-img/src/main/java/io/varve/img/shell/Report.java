// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.PrintStream;

/// The lines that tell what a command did and how long it took.
final class Report {
  private static final double NANOS = 1e9;

  private Report() {}

  /// @param operation `read`, `wrote` or `discard`
  /// @param nanos how long it took
  /// @param machine the short form for programs: bytes, operations, time, rates
  static void print(
      PrintStream out, String operation, long nanos, long offset, long bytes, boolean machine) {
    double seconds = Math.max(nanos, 1) / NANOS;
    String perSecond = Numbers.fixed(1 / seconds, machine ? 3 : 4);
    if (machine) {
      out.print(
          bytes
              + ",1,"
              + clock(nanos)
              + ","
              + Numbers.fixed(bytes / seconds, 3)
              + ","
              + perSecond
              + "\n");
      return;
    }
    out.print(
        operation
            + " "
            + bytes
            + "/"
            + bytes
            + " bytes at offset "
            + offset
            + "\n"
            + Numbers.amount(bytes)
            + ", 1 ops; "
            + time(nanos)
            + " ("
            + Numbers.amount(bytes / seconds)
            + "/sec and "
            + perSecond
            + " ops/sec)\n");
  }

  private static String time(long nanos) {
    return nanos >= 3600 * NANOS ? clock(nanos) : padded(nanos / NANOS) + " sec";
  }

  /// Hours, minutes, seconds.
  private static String clock(long nanos) {
    long seconds = (long) (nanos / NANOS);
    long minutes = seconds / 60 % 60;
    return seconds / 3600
        + (minutes < 10 ? ":0" : ":")
        + minutes
        + ":"
        + padded(seconds % 60 + nanos % NANOS / NANOS);
  }

  private static String padded(double seconds) {
    String text = Numbers.fixed(seconds, 2);
    return text.length() < 5 ? "0" + text : text;
  }
}
