// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.ByteSize;
import io.varve.cli.text.Table;
import io.varve.cli.text.Table.Column;
import io.varve.engine.model.DiskIo;
import io.varve.engine.model.GuestIo;
import io.varve.engine.model.HostIo;
import io.varve.engine.model.IoProbeRow;
import io.varve.engine.model.SnapshotKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What guest I/O costs on the host, in words and tables. Every figure was counted by the storage.
public final class IoText {
  /// Where the figures begin, behind the longest label.
  private static final int LABELS = 29;

  private IoText() {}

  static DiskIo minus(DiskIo now, DiskIo before) {
    GuestIo g = now.guest();
    GuestIo b = before.guest();
    HostIo h = now.host();
    HostIo c = before.host();
    return new DiskIo(
        new GuestIo(
            g.reads() - b.reads(),
            g.readBytes() - b.readBytes(),
            g.writes() - b.writes(),
            g.writeBytes() - b.writeBytes(),
            g.discards() - b.discards(),
            g.flushes() - b.flushes()),
        new HostIo(
            h.reads() - c.reads(),
            h.readBytes() - c.readBytes(),
            h.writes() - c.writes(),
            h.writeBytes() - c.writeBytes(),
            h.flushes() - c.flushes(),
            h.punches() - c.punches(),
            h.punchedBytes() - c.punchedBytes()));
  }

  /// One call's cost.
  static List<String> sentence(Session session, DiskIo io) {
    return List.of(
        "  guest: %d reads (%s), %d writes (%s), %d flushes"
            .formatted(
                io.guest().reads(),
                session.size(io.guest().readBytes()),
                io.guest().writes(),
                session.size(io.guest().writeBytes()),
                io.guest().flushes()),
        "  host:  %d reads (%s), %d writes (%s), %d flushes, opening and closing included"
            .formatted(
                io.host().reads(),
                session.size(io.host().readBytes()),
                io.host().writes(),
                session.size(io.host().writeBytes()),
                io.host().flushes()));
  }

  /// The counters of a disk.
  static Table counters(Session session, DiskIo io) {
    Table table =
        new Table(
            Column.left(""),
            Column.right("READS"),
            Column.right("READ"),
            Column.right("WRITES"),
            Column.right("WRITTEN"),
            Column.right("FLUSHES"),
            Column.right("PUNCHED"));
    GuestIo guest = io.guest();
    HostIo host = io.host();
    table.row(
        "guest",
        guest.reads(),
        session.size(guest.readBytes()),
        guest.writes(),
        session.size(guest.writeBytes()),
        guest.flushes(),
        "-");
    table.row(
        "host",
        host.reads(),
        session.size(host.readBytes()),
        host.writes(),
        session.size(host.writeBytes()),
        host.flushes(),
        session.size(host.punchedBytes()));
    if (guest.writes() > 0) {
      table.row(
          "host per guest write",
          per(host.reads(), guest.writes()),
          ByteSize.human(host.readBytes() / guest.writes()),
          per(host.writes(), guest.writes()),
          ByteSize.human(host.writeBytes() / guest.writes()),
          per(host.flushes(), guest.writes()),
          ByteSize.human(host.punchedBytes() / guest.writes()));
    }
    return table;
  }

  /// The experiment: for each moment, what one guest write cost, compute snapshots beside storage
  /// snapshots.
  public static List<String> probe(List<IoProbeRow> rows) {
    List<String> lines = new ArrayList<>();
    lines.add(" ".repeat(LABELS) + "COW, compute snapshot            ROW, storage snapshot");
    for (boolean flushEach : new boolean[] {false, true}) {
      List<IoProbeRow> part = rows.stream().filter(r -> r.flushEach() == flushEach).toList();
      if (!part.isEmpty()) {
        lines.addAll(probeTable(part, flushEach));
        lines.addAll(summary(part));
      }
    }
    return lines;
  }

  private static List<String> probeTable(List<IoProbeRow> rows, boolean flushEach) {
    Table table =
        new Table(
            Column.left(flushEach ? "each write flushed" : "one flush at the end"),
            Column.right("reads"),
            Column.right("writes"),
            Column.right("   bytes"),
            Column.right("flush"),
            Column.right("   reads"),
            Column.right("writes"),
            Column.right("   bytes"),
            Column.right("flush"));
    for (IoProbeRow.Phase phase : IoProbeRow.Phase.values()) {
      List<Object> cells = new ArrayList<>();
      cells.add(words(phase));
      cells.addAll(cells(find(rows, phase, SnapshotKind.COMPUTE)));
      cells.addAll(cells(find(rows, phase, SnapshotKind.STORAGE)));
      table.row(cells.toArray());
    }
    return table.forPeople("");
  }

  private static @Nullable IoProbeRow find(
      List<IoProbeRow> rows, IoProbeRow.Phase phase, SnapshotKind kind) {
    return rows.stream()
        .filter(row -> row.phase() == phase && row.kind() == kind)
        .findFirst()
        .orElse(null);
  }

  /// What the table comes to: a change of what a snapshot holds, against one of what none does.
  private static List<String> summary(List<IoProbeRow> rows) {
    List<String> lines = new ArrayList<>();
    for (SnapshotKind kind : List.of(SnapshotKind.COMPUTE, SnapshotKind.STORAGE)) {
      IoProbeRow before = find(rows, IoProbeRow.Phase.CHANGE_IN_PLACE, kind);
      IoProbeRow after = find(rows, IoProbeRow.Phase.FIRST_CHANGE_AFTER_SNAPSHOT, kind);
      IoProbeRow fresh = find(rows, IoProbeRow.Phase.NEW_DATA, kind);
      IoProbeRow freshAfter = find(rows, IoProbeRow.Phase.NEW_DATA_AFTER_SNAPSHOT, kind);
      if (before != null && after != null && fresh != null && freshAfter != null) {
        lines.add(
            "%s: a first change takes %s times the I/Os and %s times the bytes; new data %s times"
                .formatted(
                    kind == SnapshotKind.COMPUTE ? "COW" : "ROW",
                    ratio(calls(after), calls(before)),
                    ratio(bytes(after), bytes(before)),
                    ratio(calls(freshAfter), calls(fresh))));
      }
    }
    return lines;
  }

  private static long calls(IoProbeRow row) {
    return row.host().reads() + row.host().writes();
  }

  private static long bytes(IoProbeRow row) {
    return row.host().readBytes() + row.host().writeBytes();
  }

  private static String ratio(long after, long before) {
    return before == 0 ? "-" : String.format(Locale.ROOT, "%.1f", (double) after / before);
  }

  private static List<Object> cells(@Nullable IoProbeRow row) {
    if (row == null || row.guest().writes() == 0) {
      return List.of("-", "-", "-", "-");
    }
    long writes = row.guest().writes();
    HostIo host = row.host();
    return List.of(
        per(host.reads(), writes),
        per(host.writes(), writes),
        ByteSize.human(bytes(row) / writes),
        per(host.flushes(), writes));
  }

  private static String per(long count, long writes) {
    return String.format(Locale.ROOT, "%.2f", (double) count / writes);
  }

  private static String words(IoProbeRow.Phase phase) {
    return switch (phase) {
      case NEW_DATA -> "new data, no snapshot";
      case CHANGE_IN_PLACE -> "change, no snapshot";
      case FIRST_CHANGE_AFTER_SNAPSHOT -> "first change after snapshot";
      case SECOND_CHANGE_AFTER_SNAPSHOT -> "second change of the same";
      case NEW_DATA_AFTER_SNAPSHOT -> "new data after snapshot";
    };
  }
}
