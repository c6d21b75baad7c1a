// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Count;
import io.varve.cli.text.Table;
import io.varve.cli.text.Table.Column;
import io.varve.engine.model.CollectOutcome;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.PoolSpace;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.PoolView;
import io.varve.engine.model.QuorumProfile;
import io.varve.engine.model.RescanReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve pool`: the places where disks lie.
@Command(
    name = "pool",
    description = {
      "Places for disks. Virtual storage is a folder that Varve manages, with a file per layer;",
      "external storage is a place that Varve is only given (a folder or a block device), with",
      "one image per disk.",
    },
    subcommands = {
      PoolGroup.Create.class,
      PoolGroup.ListAll.class,
      PoolGroup.Show.class,
      PoolGroup.Rescan.class,
      PoolGroup.Collect.class,
      PoolGroup.Forget.class,
      PoolMembers.AddHost.class,
      PoolMembers.RemoveHost.class,
      PoolMembers.AddWitness.class,
      PoolMembers.RemoveWitness.class,
      PoolMembers.SetProfile.class,
    })
final class PoolGroup {
  /// Makes a pool.
  @Command(
      name = "create",
      description = {
        "Makes a pool in FOLDER and tries out what its store can do. A virtual pool gets a",
        "folder 'layers' and a file 'varve-pool.json'; an external place is left as it is.",
        "The kind decides: virtual storage has storage snapshots and fast clones, external",
        "storage has compute snapshots, inside the one image.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve pool create main /srv/varve",
        "  varve pool create san /mnt/lun7 --kind external",
      })
  static final class Create extends Action {
    @Parameters(paramLabel = "NAME", description = "letters, digits, '.', '_' and '-'")
    String name = "";

    @Parameters(paramLabel = "FOLDER", description = "made where missing, for virtual storage")
    Path folder = Path.of("");

    @Option(
        names = "--kind",
        defaultValue = "virtual",
        description = "virtual or external (default: virtual)")
    PoolKind kind = PoolKind.VIRTUAL;

    @Option(
        names = "--profile",
        defaultValue = "quorum",
        description = "who counts for a majority: quorum (hosts and witnesses) or strict (hosts)")
    QuorumProfile profile = QuorumProfile.QUORUM;

    @Override
    void run(Session session) {
      Path path = folder.toAbsolutePath().normalize();
      PoolView pool = session.varve().pools().create(new PoolSpec(name, path, kind, profile));
      session.answer(
          Shapes.pool(pool),
          "pool %s: %s storage in %s".formatted(name, Shapes.word(pool.kind()), pool.path()),
          "  next: varve disk create %s/NAME 10G, or varve disk import %s/NAME FILE"
              .formatted(name, name));
    }
  }

  /// Lists pools.
  @Command(
      name = "list",
      aliases = "ls",
      description = "Lists the pools. Asks no store: see 'varve pool show' for what one can do.")
  static final class ListAll extends Action {
    @Override
    void run(Session session) {
      List<PoolView> pools = session.varve().pools().list();
      Table table =
          new Table(
              Column.left("NAME"),
              Column.left("KIND"),
              Column.right("DISKS"),
              Column.right("SNAPSHOTS"),
              Column.right("LAYERS"),
              Column.right("ON HOST"),
              Column.left("PATH"));
      for (PoolView pool : pools) {
        table.row(
            pool.name(),
            Shapes.word(pool.kind()),
            pool.disks(),
            pool.snapshots(),
            pool.layers(),
            session.size(pool.allocatedBytes()),
            pool.path());
      }
      session.answer(
          Shapes.list("pools", pools.stream().map(Shapes::pool).toList()),
          table,
          "no pools yet: varve pool create main FOLDER");
    }
  }

  /// Shows one pool.
  @Command(
      name = "show",
      description = {
        "Shows a pool, its members, and what its store can do. It tries with a scratch file (which"
            + " is",
        "gone afterwards), and says which verbs the pool has, each refusal with reason and cure.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve pool show main")
  static final class Show extends Action {
    @Parameters(paramLabel = "NAME")
    String name = "";

    @Override
    void run(Session session) {
      PoolView pool = session.varve().pools().show(name);
      PoolSpace space = session.varve().space().pool(name);
      List<String> lines = new ArrayList<>(PoolText.lines(session, pool));
      lines.addAll(PoolText.space(session, space));
      session.answer(Shapes.pool(pool).with("account", Accounts.shape(space)), lines);
    }
  }

  /// Rebuilds the catalog from the files.
  @Command(
      name = "rescan",
      description = {
        "Rebuilds what the catalog knows of a pool from its files alone. Disks, snapshots and"
            + " their",
        "tree come back; nothing is deleted or copied. Name a pool, or the folder of a virtual"
            + " pool",
        "that this catalog does not know, or knows under another path. It replaces what the"
            + " catalog",
        "said of the pool, and so asks first if the pool has disks.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve pool rescan main",
        "  varve pool rescan /mnt/moved/varve",
      })
  static final class Rescan extends Action {
    @Parameters(paramLabel = "NAME|FOLDER")
    String what = "";

    @Override
    void run(Session session) throws Exception {
      boolean folder = what.contains("/") || what.startsWith(".");
      if (!folder) {
        PoolView known = session.varve().pools().show(what);
        String question =
            "Replaces what the catalog knows of pool %s (%s) by what its files say."
                .formatted(what, Count.of(known.disks(), "disk"));
        if (known.disks() > 0 && !session.confirmed(question)) {
          return;
        }
      }
      RescanReport report =
          folder
              ? session.varve().pools().rescan(Path.of(what).toAbsolutePath().normalize())
              : session.varve().pools().rescan(what);
      session.answer(Shapes.rescan(report), lines(report));
    }

    private static List<String> lines(RescanReport report) {
      List<String> lines = new ArrayList<>();
      lines.add(
          "pool %s: %s, %s, %s"
              .formatted(
                  report.pool(),
                  Count.of(report.disks(), "disk"),
                  Count.of(report.snapshots(), "snapshot"),
                  Count.of(report.layers(), "layer")));
      for (RescanReport.Finding finding : report.findings()) {
        lines.add("  " + finding.file() + ": " + finding.problem());
        if (!finding.cure().isEmpty()) {
          lines.add("    " + finding.cure());
        }
      }
      return lines;
    }
  }

  /// Collects retired layers.
  @Command(
      name = "collect",
      description = {
        "Clears away layers that no longer need to be kept. Retired layers that nothing reads go;",
        "those that only one disk still reads are merged into it. Every delete does this for its",
        "own disk; this does it for a pool.",
      })
  static final class Collect extends Action {
    @Parameters(paramLabel = "NAME")
    String name = "";

    @Override
    void run(Session session) {
      CollectOutcome done = session.varve().pools().collect(name);
      List<String> lines = new ArrayList<>();
      lines.add(
          "pool %s: %s gone, %s freed, %s moved; %d kept"
              .formatted(
                  name,
                  Count.of(done.removed(), "retired layer"),
                  session.size(done.freedBytes()),
                  session.size(done.movedBytes()),
                  done.kept()));
      done.notes().forEach(note -> lines.add("  " + note));
      session.answer(
          Shapes.shape()
              .with("pool", name)
              .with("removed", done.removed())
              .with("freedBytes", done.freedBytes())
              .with("movedBytes", done.movedBytes())
              .with("kept", done.kept())
              .with("notes", done.notes()),
          lines);
    }
  }

  /// Forgets a pool.
  @Command(
      name = "forget",
      description = {
        "Takes a pool out of the catalog. Every file stays: 'varve pool rescan FOLDER' brings",
        "a virtual pool back.",
      })
  static final class Forget extends Action {
    @Parameters(paramLabel = "NAME")
    String name = "";

    @Option(names = "--with-disks", description = "also if it has disks")
    boolean withDisks;

    @Override
    void run(Session session) throws Exception {
      if (session.confirmed("Forgets pool %s. Its files stay.".formatted(name))) {
        session.varve().pools().forget(name, withDisks);
        session.answer(Shapes.shape().with("forgotten", name), "pool " + name + ": forgotten");
      }
    }
  }
}
