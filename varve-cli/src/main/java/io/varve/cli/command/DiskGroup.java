// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import io.varve.cli.text.Count;
import io.varve.cli.text.Table;
import io.varve.cli.text.Table.Column;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.JobView;
import io.varve.engine.model.SpaceAccount;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve disk`: what a guest sees.
@Command(
    name = "disk",
    description =
        "Disks, what a guest sees. A disk is called DISK, or POOL/DISK where pools share a name.",
    subcommands = {
      DiskGroup.Create.class,
      DiskTransfer.Import.class,
      DiskTransfer.Register.class,
      DiskTransfer.Unregister.class,
      DiskTransfer.Export.class,
      AdoptAction.class,
      ApplyAction.class,
      DiskGroup.ListAll.class,
      DiskGroup.Show.class,
      DiskGroup.Resize.class,
      DiskGroup.Delete.class,
      DiskBytes.Read.class,
      DiskBytes.Write.class,
      DiskBytes.Zero.class,
      DiskBytes.Discard.class,
    })
final class DiskGroup {
  /// Makes an empty disk.
  @Command(
      name = "create",
      description = {
        "Makes an empty disk. It takes space on the host only as it is written, whatever SIZE",
        "says. The guest opens the file that this prints, in format qcow2.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve disk create main/shop 40G",
        "  varve disk create main/db 1.5T --extended-l2     cheaper first writes after a snapshot",
      })
  static final class Create extends Action {
    @Parameters(index = "0", paramLabel = "[POOL/]NAME")
    String name = "";

    @Parameters(
        index = "1",
        paramLabel = "SIZE",
        converter = SizeConverter.class,
        description = "that the guest sees: 10G, 1.5T, or bytes; rounded up to 512")
    long size;

    @Option(
        names = "--cluster-size",
        paramLabel = "SIZE",
        converter = SizeConverter.class,
        defaultValue = "64K",
        description = "unit of allocation: a power of two from 512 to 2M (default: 64K)")
    long clusterSize;

    @Option(
        names = "--extended-l2",
        description =
            "32 subclusters per cluster: copies less on a first write (QEMU 5.2 or newer)")
    boolean extendedL2;

    @Option(
        names = "--qcow2-version",
        paramLabel = "N",
        defaultValue = "3",
        description = "3, or 2 for very old readers (default: 3)")
    int version;

    @Option(
        names = "--format-device",
        description = "on a pool that is a block device: overwrites what the device holds")
    boolean formatDevice;

    @Override
    void run(Session session) throws Exception {
      Target target = Target.of(session.varve(), name);
      String question = "Overwrites what the device of pool %s holds.".formatted(target.pool());
      if (formatDevice && !session.confirmed(question)) {
        return;
      }
      if (clusterSize > Integer.MAX_VALUE) {
        throw new UsageException("clusters of that size cannot be", "choose 512 to 2M");
      }
      DiskSpec spec =
          new DiskSpec(Sectors.roundUp(size), (int) clusterSize, extendedL2, version, formatDevice);
      DiskView disk = session.varve().disks().create(target.pool(), target.name(), spec);
      session.answer(
          Shapes.disk(disk),
          "disk %s: %s, %s on the host"
              .formatted(
                  disk.address(),
                  session.size(disk.size()),
                  session.size(disk.space().allocatedBytes())),
          "  " + disk.file());
    }
  }

  /// Lists disks.
  @Command(
      name = "list",
      aliases = "ls",
      description = {
        "Lists the disks, of one pool or of all. ON HOST is what the active layer takes in the"
            + " store,",
        "REFERENCED the data that the disk reads, in whichever layer, ONLY HERE what of it nobody"
            + " else",
        "reads, IF DELETED what the store gets back when the disk goes with its snapshots.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve disk list main")
  static final class ListAll extends Action {
    @Parameters(arity = "0..1", paramLabel = "POOL")
    @Nullable String pool;

    @Override
    void run(Session session) {
      List<DiskView> disks = session.varve().disks().list(pool);
      Table table =
          new Table(
              Column.left("DISK"),
              Column.right("SIZE"),
              Column.right("ON HOST"),
              Column.right("SNAPSHOTS"),
              Column.right("DEPTH"),
              Column.left("STANDS ON"),
              Column.right("REFERENCED"),
              Column.right("ONLY HERE"),
              Column.right("IF DELETED"));
      Accounts accounts =
          Accounts.ofPools(session, disks.stream().map(DiskView::pool).distinct().toList());
      for (DiskView disk : disks) {
        SpaceAccount account = accounts.of(disk.address());
        table.row(
            disk.address(),
            session.size(disk.size()),
            session.size(disk.space().allocatedBytes()),
            disk.snapshots(),
            disk.depth(),
            disk.problem() != null ? "! " + disk.problem() : or(disk.parent(), "-"),
            account == null ? "-" : session.size(account.referencedBytes()),
            account == null ? "-" : session.size(account.exclusiveBytes()),
            Accounts.freed(session, account));
      }
      session.answer(
          Shapes.list(
              "disks",
              disks.stream()
                  .map(disk ->
                      Shapes.disk(disk)
                          .with("account", Accounts.shape(accounts.of(disk.address()))))
                  .toList()),
          table,
          "no disks yet: varve disk create POOL/NAME 10G, or varve disk import POOL/NAME FILE");
    }
  }

  /// Shows one disk.
  @Command(name = "show", description = "Shows a disk: its size, file, chain and space.")
  static final class Show extends Action {
    @Parameters(paramLabel = "DISK")
    String disk = "";

    @Override
    void run(Session session) {
      DiskView view = session.varve().disks().show(DiskAddress.parseDisk(disk));
      SpaceAccount account = Accounts.of(session, DiskAddress.disk(view.pool(), view.name()));
      session.answer(
          Shapes.disk(view).with("account", Accounts.shape(account)),
          lines(session, view, account));
    }

    private static List<String> lines(
        Session session, DiskView disk, @Nullable SpaceAccount account) {
      Table facts = new Table(Column.left(""), Column.left(""));
      facts.row("size", session.size(disk.size()));
      facts.row("file", disk.file());
      facts.row("format", disk.format().id() + " (" + Shapes.word(disk.poolKind()) + " storage)");
      facts.row("made", session.time(disk.created()));
      facts.row("chain", Count.of(disk.depth(), "layer"));
      facts.row("snapshots", disk.snapshots());
      facts.row(
          "stands on",
          disk.parent() == null
              ? "no snapshot"
              : disk.parent() + (disk.changedSince() ? ", changed since" : ", unchanged since"));
      if (disk.clonedFrom() != null) {
        facts.row("clone of", disk.clonedFrom());
      }
      facts.row("active layer", SpaceText.line(session, disk.space()));
      Accounts.facts(session, facts, account);
      if (disk.problem() != null) {
        facts.row("problem", disk.problem());
      }
      List<String> lines = new ArrayList<>();
      lines.add("disk " + disk.address());
      lines.addAll(facts.forPeople("  "));
      return lines;
    }
  }

  /// Changes a disk's size.
  @Command(
      name = "resize",
      description = {
        "Sets the size that the guest sees. Growing costs nothing; the new end reads as zero.",
        "Shrinking drops what lies behind the new end, asks first, and needs --shrink.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve disk resize shop 80G")
  static final class Resize extends Action {
    @Parameters(index = "0", paramLabel = "DISK")
    String disk = "";

    @Parameters(index = "1", paramLabel = "SIZE", converter = SizeConverter.class)
    long size;

    @Option(names = "--shrink", description = "the new size may be smaller than the old one")
    boolean shrink;

    @Override
    void run(Session session) throws Exception {
      DiskAddress address = DiskAddress.parseDisk(disk);
      long wanted = Sectors.roundUp(size);
      DiskView before = session.varve().disks().show(address);
      String question =
          "Shrinks %s from %s to %s. What lies behind the new end is lost."
              .formatted(before.address(), session.size(before.size()), session.size(wanted));
      if (shrink && wanted < before.size() && !session.confirmed(question)) {
        return;
      }
      DiskView after = session.varve().disks().resize(address, wanted, shrink);
      session.answer(
          Shapes.disk(after),
          "disk %s: %s, was %s"
              .formatted(after.address(), session.size(after.size()), session.size(before.size())));
    }
  }

  /// Deletes a disk.
  @Command(
      name = "delete",
      aliases = "rm",
      description = {
        "Deletes a disk, and with --with-snapshots its snapshots too. Fast clones of it live on:",
        "the layers that they read stay, without a name, until the last reader is gone. The file"
            + " of",
        "an external pool is deleted too; 'disk unregister' hands it back instead.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve disk delete shop --with-snapshots --yes")
  static final class Delete extends Action {
    @Parameters(paramLabel = "DISK")
    String disk = "";

    @Option(names = "--with-snapshots", description = "its snapshots go with it")
    boolean withSnapshots;

    @Option(
        names = {"--background", "--no-wait"},
        description = "leaves what can be merged by it to 'varve job run'")
    boolean background;

    @Override
    void run(Session session) throws Exception {
      DiskAddress address = DiskAddress.parseDisk(disk);
      DiskView view = session.varve().disks().show(address);
      String question =
          "Deletes disk %s, the file %s%s."
              .formatted(
                  view.address(),
                  view.file(),
                  withSnapshots && view.snapshots() > 0
                      ? " and its " + Count.of(view.snapshots(), "snapshot")
                      : "");
      if (session.confirmed(question)) {
        DeleteOutcome deleted = session.varve().disks().delete(address, withSnapshots);
        List<JobView> jobs = LeftJobs.run(session, view.pool(), background);
        DeleteOutcome outcome = LeftJobs.with(deleted, jobs);
        List<String> lines = new ArrayList<>(DeletionText.lines(session, view.address(), outcome));
        lines.addAll(LeftJobs.lines(session, DeletionText.worthALine(List.of(outcome), jobs)));
        session.answer(Shapes.deletion(view.address(), outcome), lines);
      }
    }
  }

  static String or(@Nullable String text, String otherwise) {
    return text == null ? otherwise : text;
  }
}
