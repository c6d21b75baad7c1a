// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.engine.DiskAddress;
import io.varve.engine.model.HoldView;
import io.varve.engine.model.SnapshotView;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve snapshot hold`, `release` and `rename`.
final class SnapshotLabels {
  private SnapshotLabels() {}

  static Object shape(HoldView hold) {
    return Shapes.shape()
        .with("snapshot", hold.snapshot())
        .with("holder", hold.holder().isEmpty() ? null : hold.holder())
        .with("reason", hold.reason().isEmpty() ? null : hold.reason())
        .with("since", hold.since().toString());
  }

  /// The hold on a snapshot, or null.
  static @Nullable HoldView of(Session session, SnapshotView view) {
    String full = view.disk() + "@" + view.name();
    return session.varve().snapshots().holds(DiskAddress.parseDisk(view.disk())).stream()
        .filter(hold -> hold.snapshot().equals(full))
        .findFirst()
        .orElse(null);
  }

  static String line(Session session, HoldView hold) {
    return "%s, since %s%s"
        .formatted(
            hold.holder().isEmpty() ? "nobody knows by whom" : "by " + hold.holder(),
            session.time(hold.since()),
            hold.reason().isEmpty() ? "" : ": " + hold.reason());
  }

  /// Holds a snapshot.
  @Command(
      name = "hold",
      description = {
        "Keeps a storage snapshot from being deleted, by itself or with its disk. Whoever tries is",
        "told who holds it and why. Its file says that it is held too, so that a rescan of the"
            + " pool",
        "does not forget it. It can be read, cloned, renamed and reverted to as before.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve snapshot hold shop@quarter --reason 'audit until March'",
        "  varve snapshot release shop@quarter",
      })
  static final class Hold extends Action {
    @Parameters(index = "0", paramLabel = "DISK@NAME")
    String snapshot = "";

    @Parameters(index = "1", arity = "0..1", hidden = true)
    @Nullable String name;

    @Option(names = "--reason", paramLabel = "TEXT", description = "one line for people")
    String reason = "";

    @Option(
        names = "--by",
        paramLabel = "WHO",
        description = "who holds it (default: the name of the user)")
    @Nullable String by;

    @Override
    void run(Session session) {
      String holder = by != null ? by : System.getProperty("user.name", "");
      DiskAddress address = SnapshotGroup.address(snapshot, name);
      HoldView hold = session.varve().snapshots().hold(address, holder, reason);
      session.answer(
          shape(hold),
          "%s: held %s".formatted(hold.snapshot(), line(session, hold)),
          "  release it with: varve snapshot release " + hold.snapshot());
    }
  }

  /// Releases a snapshot.
  @Command(
      name = "release",
      description = "Ends the hold on a snapshot, whoever holds it. It can be deleted again.",
      footerHeading = "%nExample:%n",
      footer = "  varve snapshot release shop@quarter")
  static final class Release extends Action {
    @Parameters(index = "0", paramLabel = "DISK@NAME")
    String snapshot = "";

    @Parameters(index = "1", arity = "0..1", hidden = true)
    @Nullable String name;

    @Override
    void run(Session session) {
      DiskAddress address = SnapshotGroup.address(snapshot, name);
      session.varve().snapshots().release(address);
      SnapshotView view = session.varve().snapshots().show(address);
      session.answer(
          Shapes.snapshot(view), "%s@%s: held by nobody".formatted(view.disk(), view.name()));
    }
  }

  /// Renames a snapshot.
  @Command(
      name = "rename",
      aliases = "mv",
      description = {
        "Gives a storage snapshot another name. What stands on it, clones among it, stays as it"
            + " is;",
        "so does a hold. The disk may be in use.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve snapshot rename shop@tuesday before-upgrade")
  static final class Rename extends Action {
    @Parameters(index = "0", paramLabel = "DISK@NAME")
    String snapshot = "";

    @Parameters(index = "1", paramLabel = "NEW-NAME", description = "without the disk")
    String newName = "";

    @Override
    void run(Session session) {
      DiskAddress address = DiskAddress.parseSnapshot(snapshot);
      SnapshotView view = session.varve().snapshots().rename(address, newName);
      session.answer(
          Shapes.snapshot(view),
          "%s@%s: was @%s".formatted(view.disk(), view.name(), address.snapshot()));
    }
  }
}
