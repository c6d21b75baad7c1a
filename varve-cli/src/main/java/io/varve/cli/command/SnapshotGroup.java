// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import io.varve.cli.text.Count;
import io.varve.cli.text.Elapsed;
import io.varve.cli.text.Table;
import io.varve.cli.text.Table.Column;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.HoldView;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotTree;
import io.varve.engine.model.SnapshotView;
import io.varve.engine.model.SpaceAccount;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve snapshot`: states of a disk, kept by name.
@Command(
    name = "snapshot",
    aliases = "snap",
    description = {
      "States of a disk, kept by name. DISK@NAME is a state to come back to, or to make clones"
          + " from.",
      "It is not a backup: it lies beside the disk and goes with it.",
    },
    subcommands = {
      SnapshotGroup.Create.class,
      SnapshotGroup.ListAll.class,
      SnapshotGroup.Show.class,
      DiffAction.class,
      SnapshotGroup.Revert.class,
      SnapshotLabels.Hold.class,
      SnapshotLabels.Release.class,
      SnapshotLabels.Rename.class,
      SnapshotDelete.class,
    })
final class SnapshotGroup {
  /// Reads `DISK@NAME`, or `DISK NAME`, as different tools have taught people.
  static DiskAddress address(String first, @Nullable String second) {
    if (second == null) {
      return DiskAddress.parseSnapshot(first);
    }
    if (first.contains("@")) {
      throw new UsageException(
          "'%s' and '%s' both name a snapshot".formatted(first, second), "write DISK@NAME once");
    }
    return DiskAddress.parseDisk(first).at(second);
  }

  /// Takes a snapshot.
  @Command(
      name = "create",
      aliases = "take",
      description = {
        "Keeps what the disk is now under a name. Takes the same moment for a disk of any size",
        "and copies no data. On virtual storage the layer is frozen and later writes go to a new",
        "file (redirect on write); on external storage the snapshot lies inside the one image"
            + " (copy",
        "on write). The first change of a block that a snapshot holds costs more I/O than before,",
        "new data does not: see 'varve io DISK --probe'. It is a state, not a backup.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve snapshot create shop@before-upgrade",
        "  varve snapshot create san/db@monday --kind compute",
      })
  static final class Create extends Action {
    @Parameters(index = "0", paramLabel = "DISK@NAME")
    String snapshot = "";

    @Parameters(index = "1", arity = "0..1", hidden = true)
    @Nullable String name;

    @Option(
        names = "--kind",
        defaultValue = "auto",
        description = "auto (what the pool is for), storage or compute (default: auto)")
    SnapshotKindChoice kind = SnapshotKindChoice.AUTO;

    @Override
    void run(Session session) {
      DiskAddress address = address(snapshot, name);
      long start = System.nanoTime();
      SnapshotView made =
          session
              .varve()
              .snapshots()
              .create(address.diskOnly(), String.valueOf(address.snapshot()), kind);
      session.answer(
          Shapes.snapshot(made),
          "%s@%s: %s snapshot in %s; index %s, data copied 0 B"
              .formatted(
                  made.disk(),
                  made.name(),
                  Shapes.word(made.kind()),
                  Elapsed.human(Elapsed.since(start)),
                  session.size(made.space().indexBytes())));
    }
  }

  /// Lists snapshots as trees.
  @Command(
      name = "list",
      aliases = {"ls", "tree"},
      description = {
        "Shows the tree of snapshots of a disk, or of all disks that have some. What was taken on",
        "what, where the disk stands now, which clones hang off it, what each layer takes: DATA is",
        "guest data that the layer itself holds, INDEX the tables that say where it lies, ON HOST",
        "what it takes in the store (of a compute snapshot, which shares its file: what only it",
        "holds). With --space: ONLY HERE the data that nobody else reads, in whichever layer it"
            + " lies, IF DELETED",
        "what the store gets back when that node alone is deleted. With -H one line per node:"
            + " disk,",
        "name, parent, kind, role, time, data, index, host, referenced, exclusive, freed if"
            + " deleted.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve snapshot list shop",
        "  varve snapshot list -H -p shop | cut -f2,7",
      })
  static final class ListAll extends Action {
    @Parameters(arity = "0..1", paramLabel = "DISK")
    @Nullable String disk;

    @Option(
        names = "--space",
        description = "shows also what only each node holds, and what deleting it gives back")
    boolean space;

    @Option(names = "--all-clones", description = "names every clone, not only how many there are")
    boolean allClones;

    @Override
    void run(Session session) {
      List<SnapshotTree> trees = new ArrayList<>();
      if (disk != null) {
        trees.add(session.varve().snapshots().tree(DiskAddress.parseDisk(disk), true));
      } else {
        for (DiskView each : session.varve().disks().list(null)) {
          if (each.snapshots() > 0) {
            DiskAddress address = DiskAddress.disk(each.pool(), each.name());
            trees.add(session.varve().snapshots().tree(address, true));
          }
        }
      }
      List<String> lines = new ArrayList<>();
      List<Shapes.Shape> shapes = new ArrayList<>();
      for (SnapshotTree tree : trees) {
        DiskView top = tree.disk();
        Accounts accounts =
            space || session.script() || session.json()
                ? Accounts.ofFamily(session, DiskAddress.disk(top.pool(), top.name()))
                : Accounts.NONE;
        TreeText text = new TreeText(session, allClones, accounts);
        shapes.add(Shapes.tree(tree, accounts));
        if (session.script()) {
          lines.addAll(text.forScripts(tree));
        } else {
          lines.addAll(lines.isEmpty() ? List.of() : List.of(""));
          lines.addAll(text.forPeople(tree));
        }
      }
      if (trees.isEmpty() && !session.script()) {
        lines.add("no snapshots yet: varve snapshot create DISK@NAME");
      }
      session.answer(Shapes.list("trees", shapes), lines);
    }
  }

  /// Shows one snapshot.
  @Command(
      name = "show",
      description = {
        "Shows the kind, time, file, space and readers of a snapshot: what it reads, what of that",
        "nobody else does, with whom it shares the rest, and what its delete would give back.",
      })
  static final class Show extends Action {
    @Parameters(index = "0", paramLabel = "DISK@NAME")
    String snapshot = "";

    @Parameters(index = "1", arity = "0..1", hidden = true)
    @Nullable String name;

    @Override
    void run(Session session) {
      DiskAddress address = address(snapshot, name);
      SnapshotView view = session.varve().snapshots().show(address);
      SpaceAccount account = Accounts.of(session, address.diskOnly().at(view.name()));
      HoldView hold = SnapshotLabels.of(session, view);
      session.answer(
          Shapes.snapshot(view)
              .with("account", Accounts.shape(account))
              .with("hold", hold == null ? null : SnapshotLabels.shape(hold)),
          lines(session, view, account, hold));
    }

    private static List<String> lines(
        Session session,
        SnapshotView view,
        @Nullable SpaceAccount account,
        @Nullable HoldView hold) {
      Table facts = new Table(Column.left(""), Column.left(""));
      facts.row("kind", Shapes.word(view.kind()) + (view.automatic() ? ", taken for a clone" : ""));
      facts.row("taken", session.time(view.created()));
      facts.row(
          "taken on",
          !view.parentKnown() ? "not recorded" : view.parent() == null ? "-" : view.parent());
      facts.row("size", session.size(view.size()));
      facts.row("file", view.file());
      if (view.internalId() != null) {
        facts.row("id in file", view.internalId());
      }
      facts.row("space", SpaceText.line(session, view.space()));
      Accounts.facts(session, facts, account);
      if (hold != null) {
        facts.row("held", SnapshotLabels.line(session, hold));
      }
      facts.row("read by", Count.of(view.children(), "node"));
      facts.row("clones", view.clones().isEmpty() ? "none" : String.join(", ", view.clones()));
      List<String> lines = new ArrayList<>();
      lines.add(
          "snapshot %s@%s%s"
              .formatted(view.disk(), view.name(), view.current() ? "  (you are here)" : ""));
      lines.addAll(facts.forPeople("  "));
      return lines;
    }
  }

  /// Goes back to a snapshot.
  @Command(
      name = "revert",
      aliases = "rollback",
      description = {
        "Makes the disk what it was at the snapshot. Every other snapshot stays, also newer ones.",
        "What was written since the last snapshot is lost, unless --keep-as names a snapshot to",
        "keep it in. Stop the VM first: its memory does not know that its disk has changed.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve snapshot revert shop@clean",
        "  varve snapshot revert shop@clean --keep-as broken --yes",
      })
  static final class Revert extends Action {
    @Parameters(index = "0", paramLabel = "DISK@NAME")
    String snapshot = "";

    @Parameters(index = "1", arity = "0..1", hidden = true)
    @Nullable String name;

    @Option(
        names = "--keep-as",
        paramLabel = "NAME",
        description = "takes a snapshot of that name first, so that nothing is lost")
    @Nullable String keepAs;

    @Option(
        names = {"--background", "--no-wait"},
        description = "leaves what can be merged by it to 'varve job run'")
    boolean background;

    @Override
    void run(Session session) throws Exception {
      DiskAddress address = address(snapshot, name);
      DiskView before = session.varve().disks().show(address.diskOnly());
      if (keepAs == null
          && before.changedSince()
          && !session.confirmed(question(before, String.valueOf(address.snapshot())))) {
        return;
      }
      long start = System.nanoTime();
      DiskView after = session.varve().snapshots().revert(address, keepAs);
      List<String> lines = new ArrayList<>();
      if (keepAs != null) {
        lines.add("%s@%s: kept what the disk was".formatted(after.address(), keepAs));
      }
      lines.add(
          "%s: back to @%s in %s"
              .formatted(after.address(), address.snapshot(), Elapsed.human(Elapsed.since(start))));
      session.answer(Shapes.disk(after), lines);
      session.also(LeftJobs.lines(session, LeftJobs.run(session, after.pool(), background)));
    }

    private static String question(DiskView disk, String to) {
      return "Reverts %s to @%s. What was written since %s is lost (--keep-as NAME keeps it)."
          .formatted(
              disk.address(), to, disk.parent() == null ? "it was made" : "@" + disk.parent());
    }
  }
}
