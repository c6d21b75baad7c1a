// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.BusyException;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.FlattenPreview;
import io.varve.image.ImageInUseException;
import io.varve.image.op.LayerMerge;
import io.varve.image.op.MergeCost;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;

/// The job that makes a clone stand alone: 1. its own lowest layer takes what it reads from layers
/// of other disks, while these and all other clones go on; 2. [FlattenCut] cuts it loose, under the
/// family's lock.
///
/// What was moved before a crash is in the clone's own layer and is not moved again.
final class FlattenJob implements JobKind {
  static final String NAME = "flatten";

  private static final int MOST_ROUNDS = 64;

  private final Context context;
  private final FlattenCut cut;
  private final Reaper reaper;
  private final OpenSessions sessions;

  FlattenJob(Context context, FlattenCut cut, Reaper reaper, OpenSessions sessions) {
    this.context = context;
    this.cut = cut;
    this.reaper = reaper;
    this.sessions = sessions;
  }

  @Override
  public String name() {
    return NAME;
  }

  static Args args(DiskRow disk) {
    return new Args().with("disk", disk.id());
  }

  /// True if that job does this already, or will.
  static boolean isFor(JobRow job, DiskRow disk) {
    return job.kind().equals(NAME)
        && !job.state().ended()
        && Args.decode(job.args()).id("disk").equals(disk.id());
  }

  /// What it would cost, looked at beside whoever uses the layers.
  FlattenPreview preview(Resolver.Found found) throws IOException {
    FlattenPlan plan = context.read(tx -> FlattenPlan.of(tx, found.disk()));
    requireNoneInside(found.site(), plan);
    long freed = 0;
    for (LayerRow row : context.read(plan::unread)) {
      try (FileStorage file =
          FileStorage.open(found.site().file(row), FileAccess.READ_ONLY, LockMode.FORCE_SHARE)) {
        freed += file.allocatedBytes();
      }
    }
    try (OpenRun run = OpenRun.lookUp(found.site(), plan.run())) {
      MergeCost cost = run.merge().cost(0);
      return new FlattenPreview(
          found.address(), plan.run().gone().size(), cost.movedBytes(), cost.grownBytes(), freed);
    }
  }

  static void requireNoneInside(PoolSite site, FlattenPlan plan) throws IOException {
    try (Qcow2Layer layer = LayerFiles.openToLook(site.file(plan.run().top()))) {
      if (layer.info().snapshots() > 0) {
        throw new RefusedException(
            ProblemCode.HAS_COMPUTE_SNAPSHOTS,
            "the disk's lowest layer holds compute snapshots that read through it",
            "Delete them first.");
      }
    }
  }

  @Override
  public void run(JobRun job) throws IOException {
    for (int round = 0; round < MOST_ROUNDS; round++) {
      Claimed claimed = job.alone(() -> claim(job)).orElse(null);
      if (claimed == null || filledAndCut(job, claimed)) {
        collect(job);
        return;
      }
    }
    throw new JobWaitException("the tree of the disk keeps changing");
  }

  /// False if the tree has changed meanwhile.
  private boolean filledAndCut(JobRun job, Claimed claimed) throws IOException {
    try (OpenRun run = claimed.run) {
      move(job, run);
      job.step("commit");
      return job.alone(() ->
          sessions.cutting(
              job.site(),
              claimed.disk.family(),
              claimed.plan.branch(),
              () -> cut.cut(job.site(), claimed.disk, claimed.plan, run)));
    }
  }

  private record Claimed(DiskRow disk, FlattenPlan plan, OpenRun run) {}

  /// None if the disk is gone, or stands alone already.
  private Optional<Claimed> claim(JobRun job) throws IOException {
    UUID id = job.args().id("disk");
    DiskRow disk = context.read(tx -> tx.disk(id)).orElse(null);
    if (disk == null) {
      return Optional.empty();
    }
    FlattenPlan plan;
    try {
      plan = context.read(tx -> FlattenPlan.of(tx, disk));
    } catch (RefusedException e) {
      if (e.code() == ProblemCode.INVALID_REQUEST) {
        return Optional.empty();
      }
      throw e;
    }
    if (!disk.family().equals(job.row().family())) {
      follow(job.row().id(), disk.family());
    }
    requireNoneInside(job.site(), plan);
    job.step("claim");
    OpenRun run = OpenRun.claimReader(job.site(), plan.run());
    try {
      if (job.args().flag("open")) {
        MergeJob.giveLeaksBack(job.site(), plan.run().top());
      }
      run.begin(0);
      return Optional.of(new Claimed(disk, plan, run));
    } catch (IOException | RuntimeException e) {
      run.close();
      throw e;
    }
  }

  /// The disk was cut off together with another one: the job goes with it, and on under the lock of
  /// its new family.
  private void follow(UUID job, UUID family) {
    context.write(tx -> {
      JobRow row = tx.job(job).orElseThrow();
      tx.deleteJob(job);
      tx.insert(row.withFamily(family));
    });
    throw new JobWaitException("its disk was cut loose together with another one");
  }

  private void move(JobRun job, OpenRun run) throws IOException {
    LayerMerge merge = run.merge();
    long rest = merge.cost(0).movedBytes();
    job.plan(job.done() + rest, job.done());
    job.save(job.args().with("open", true));
    job.step("move");
    try {
      merge.run(0, (bytes, _, _) -> job.moved(bytes));
    } catch (CancellationException | JobWaitException e) {
      run.keptLayer().flush();
      job.save(job.args().with("open", false));
      throw e;
    }
    job.step("flush");
    run.keptLayer().flush();
    job.check();
  }

  /// What nobody reads any more goes, on both sides of the cut.
  private void collect(JobRun job) throws IOException {
    UUID id = job.args().id("disk");
    DiskRow disk = context.read(tx -> tx.disk(id)).orElse(null);
    try {
      collect(job, job.row().family());
      if (disk != null) {
        collect(job, disk.family());
      }
    } catch (ImageInUseException | BusyException _) {
      // They are retired, and go with the next collection.
    }
  }

  private void collect(JobRun job, UUID family) throws IOException {
    job.freed(job.alone(family, () -> reaper.collect(job.site(), family, false)).freedBytes());
  }
}
