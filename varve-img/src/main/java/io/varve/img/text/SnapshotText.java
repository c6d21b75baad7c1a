// SPDX-License-Identifier: Apache-2.0
package io.varve.img.text;

import io.varve.image.qcow2.InternalSnapshot;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The table of internal snapshots that `snapshot -l` and `info` print.
public final class SnapshotText {
  private SnapshotText() {}

  /// Heading and rows, each with its line's end.
  public static String table(List<InternalSnapshot> snapshots) {
    StringBuilder out = new StringBuilder("Snapshot list:\n");
    row(out, "ID", "TAG", "VM_SIZE", "DATE", "VM_CLOCK", "ICOUNT");
    for (InternalSnapshot snapshot : snapshots) {
      row(
          out,
          snapshot.id(),
          snapshot.name(),
          HumanSize.of(snapshot.vmStateSize()),
          DateText.of(snapshot.takenAt()),
          clock(snapshot.vmClockNanos()),
          snapshot.icount() == -1 ? "--" : Long.toString(snapshot.icount()));
    }
    return out.toString();
  }

  private static void row(
      StringBuilder out,
      String id,
      String tag,
      String size,
      String date,
      String clock,
      String icount) {
    left(out, id, 7);
    left(out.append(' '), tag, 16);
    right(out.append(' '), size, 8);
    right(out.append(' '), date, 19);
    right(out.append(' '), clock, 15);
    right(out.append(' '), icount, 10);
    out.append('\n');
  }

  /// As in C, a name's bytes fill the column.
  private static void left(StringBuilder out, String text, int width) {
    out.append(text);
    spaces(out, width - text.getBytes(StandardCharsets.UTF_8).length);
  }

  private static void right(StringBuilder out, String text, int width) {
    spaces(out, width - text.length());
    out.append(text);
  }

  private static void spaces(StringBuilder out, int count) {
    for (int i = 0; i < count; i++) {
      out.append(' ');
    }
  }

  /// Hours, minutes, seconds and thousandths: `0012:05:09.250`.
  private static String clock(long nanos) {
    long seconds = nanos / 1_000_000_000;
    StringBuilder out = new StringBuilder(14);
    digits(out, seconds / 3600, 4).append(':');
    digits(out, seconds / 60 % 60, 2).append(':');
    digits(out, seconds % 60, 2).append('.');
    return digits(out, nanos / 1_000_000 % 1000, 3).toString();
  }

  private static StringBuilder digits(StringBuilder out, long number, int width) {
    String digits = Long.toString(number);
    for (int i = digits.length(); i < width; i++) {
      out.append('0');
    }
    return out.append(digits);
  }
}
