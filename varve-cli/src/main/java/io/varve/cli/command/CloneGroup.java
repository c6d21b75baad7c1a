// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import io.varve.cli.text.Elapsed;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.JobView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve clone`: new disks from what a disk is, or was.
@Command(
    name = "clone",
    description = "New disks from a disk, or from what it was at a snapshot.",
    subcommands = {CloneGroup.Fast.class, CloneGroup.Full.class, FlattenAction.class})
final class CloneGroup {
  /// Makes fast clones.
  @Command(
      name = "fast",
      aliases = "linked",
      description = {
        "Makes a disk that reads from a snapshot and keeps only what it changes: a fast, or"
            + " linked,",
        "clone. Takes a moment and no data, whatever the size. A disk is snapshotted for it",
        "first. External storage has no fast clones: there is one image per disk.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve clone fast shop@clean test",
        "  varve clone fast shop@clean desk --count 100     desk-001 to desk-100",
      })
  static final class Fast extends Action {
    @Parameters(index = "0", paramLabel = "DISK[@SNAP]")
    String source = "";

    @Parameters(index = "1", paramLabel = "NAME")
    String name = "";

    @Option(
        names = {"-n", "--count"},
        paramLabel = "N",
        defaultValue = "1",
        description = "makes N clones, NAME-001 to NAME-N: all of them or none")
    int count;

    @Override
    void run(Session session) {
      long start = System.nanoTime();
      List<CloneOutcome> made = session.varve().clones().fast(DiskAddress.parse(source), names());
      Duration time = Elapsed.since(start);
      session.answer(
          Shapes.list("clones", made.stream().map(Shapes::copy).toList()),
          lines(session, made, time));
    }

    private List<String> names() {
      if (count < 1 || count > 10_000) {
        throw new UsageException("--count is 1 to 10000, not " + count, "choose another count");
      }
      if (count == 1) {
        return List.of(name);
      }
      int digits = Math.max(3, Integer.toString(count).length());
      List<String> names = new ArrayList<>(count);
      for (int i = 1; i <= count; i++) {
        names.add(("%s-%0" + digits + "d").formatted(name, i));
      }
      return names;
    }

    private static List<String> lines(Session session, List<CloneOutcome> made, Duration time) {
      CloneOutcome first = made.getFirst();
      long bytes = made.stream().mapToLong(c -> c.disk().space().allocatedBytes()).sum();
      List<String> lines = new ArrayList<>();
      if (first.snapshotTaken()) {
        lines.add("%s: snapshot taken for the clones".formatted(first.snapshot()));
      }
      if (made.size() == 1) {
        lines.add(
            "disk %s: fast clone of %s in %s, %s on the host"
                .formatted(
                    first.disk().address(),
                    first.snapshot(),
                    Elapsed.human(time),
                    session.size(bytes)));
        lines.add("  " + first.disk().file());
        return lines;
      }
      lines.add(
          "%d disks, %s to %s: fast clones of %s"
              .formatted(
                  made.size(),
                  first.disk().address(),
                  made.getLast().disk().address(),
                  first.snapshot()));
      lines.add(
          "  %s in all, %s each; %s on the host in all, %s each"
              .formatted(
                  Elapsed.human(time),
                  Elapsed.human(time.dividedBy(made.size())),
                  session.size(bytes),
                  session.size(bytes / made.size())));
      return lines;
    }
  }

  /// Makes a full clone.
  @Command(
      name = "full",
      description = {
        "Makes a disk with a copy of all data, which depends on nothing: a full clone. Holes and",
        "zeros are skipped; where the store can share blocks (reflink), nothing is copied.",
        "POOL/NAME may be in another pool. With --instant, in the pool of the source, it can be",
        "used at once: it begins as a fast clone, and a job copies behind it and cuts it loose",
        "('varve job run'; see 'varve clone flatten').",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve clone full shop@clean shop-copy",
        "  varve clone full shop san/shop-copy",
        "  varve clone full shop@clean shop-copy --instant",
      })
  static final class Full extends Action {
    @Parameters(index = "0", paramLabel = "DISK[@SNAP]")
    String source = "";

    @Parameters(index = "1", paramLabel = "[POOL/]NAME")
    String name = "";

    @Option(names = "--instant", description = "returns at once; a job copies the data")
    boolean instant;

    @Override
    void run(Session session) {
      DiskAddress target = DiskAddress.parseDisk(name);
      if (instant) {
        begin(session, target);
        return;
      }
      long start = System.nanoTime();
      CloneOutcome made =
          session.varve().clones().full(DiskAddress.parse(source), target.disk(), target.pool());
      DiskView disk = made.disk();
      session.answer(
          Shapes.copy(made),
          "disk %s: full clone of %s in %s, %s on the host"
              .formatted(
                  disk.address(),
                  source,
                  Elapsed.human(Elapsed.since(start)),
                  session.size(disk.space().allocatedBytes())),
          "  %s copied, %s shared, %s skipped as empty"
              .formatted(
                  session.size(made.copiedBytes()),
                  session.size(made.sharedBytes()),
                  session.size(made.skippedBytes())));
    }

    /// A fast clone that a job makes a full one.
    private void begin(Session session, DiskAddress target) {
      DiskAddress from = DiskAddress.parse(source);
      String pool = session.varve().disks().show(from.diskOnly()).pool();
      if (target.pool() != null && !pool.equals(target.pool())) {
        throw new UsageException(
            "--instant makes the clone in the pool of the source, '" + pool + "'",
            "leave --instant out to copy into another pool");
      }
      CloneOutcome made = session.varve().clones().fast(from, target.disk());
      DiskAddress disk = DiskAddress.disk(pool, target.disk());
      JobView job = session.varve().jobs().show(session.varve().clones().flatten(disk).toString());
      List<String> lines = new ArrayList<>();
      lines.add(
          "disk %s: full clone of %s, to be filled by a job"
              .formatted(made.disk().address(), source));
      lines.addAll(LeftJobs.lines(session, List.of(job)));
      session.answer(Shapes.copy(made).with("job", job.id().toString()), lines);
    }
  }
}
