// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.LayerRow;
import io.varve.image.op.LayerMerge;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.check.RepairMode;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;

/// The job that takes retired layers away: merges them with the one node that still reads them.
///
/// 1. Under the family's lock: plan anew, by the tree as it is; claim the layers.
/// 2. Without it: move the data into the layer that stays. Sessions on the disk, snapshots of it
///    and verbs on other layers go on beside this.
/// 3. Under the lock: [MergeCommit].
///
/// How far step 2 is, is in the row of the job; what is moved twice after a crash does no harm.
final class MergeJob implements JobKind {
  static final String NAME = "merge";

  private static final int MOST_ROUNDS = 64;
  private static final long CHECKPOINT = 256L << 20;

  private final Context context;
  private final MergeCommit commit;
  private final Reaper reaper;
  private final OpenSessions sessions;

  MergeJob(Context context, MergeCommit commit, Reaper reaper, OpenSessions sessions) {
    this.context = context;
    this.commit = commit;
    this.reaper = reaper;
    this.sessions = sessions;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void run(JobRun job) throws IOException {
    for (int round = 0; round < MOST_ROUNDS; round++) {
      Optional<OpenRun> claimed = job.alone(() -> claim(job));
      if (claimed.isEmpty()) {
        return;
      }
      try (OpenRun run = claimed.get()) {
        Work work = begin(job, run);
        move(job, run, work);
        job.step("commit");
        boolean committed =
            job.alone(() ->
                sessions.replacing(job.site(), run.rows(), () -> commit.commit(job.site(), run)));
        if (committed) {
          finish(job, run, work);
        }
      }
    }
    throw new JobWaitException("the tree of the disk keeps changing");
  }

  /// The run that this job is for, as the tree is now; none if nothing of it is left.
  private Optional<OpenRun> claim(JobRun job) throws IOException {
    Set<UUID> wanted = MergeQueue.layers(job.args());
    UUID family = job.row().family();
    List<LayerRow> layers = context.read(tx -> tx.layersOfFamily(family));
    Fates fates = Fates.of(layers, Set.of(), wanted, MergeQueue.intoClones(job.args()));
    if (fates.removed().stream().anyMatch(row -> wanted.contains(row.id()))) {
      job.freed(reaper.removeUnread(job.site(), family));
    }
    for (Fates.Run run : fates.runs()) {
      if (run.holds(wanted)) {
        requireTaker(job.site(), run.top());
        job.step("claim");
        return Optional.of(OpenRun.claim(job.site(), run, new SideMaps(context)));
      }
    }
    return Optional.empty();
  }

  private static void requireTaker(PoolSite site, LayerRow top) throws IOException {
    if (!Files.exists(site.file(top))) {
      throw new JobWaitException("its reader's file " + site.file(top) + " is missing");
    }
    try (Qcow2Layer layer = LayerFiles.openToLook(site.file(top))) {
      if (layer.info().snapshots() > 0) {
        throw new JobWaitException("its child holds compute snapshots that read through it");
      }
    }
  }

  /// @param merge to be done
  /// @param cursor where it goes on
  /// @param total bytes of it in all
  /// @param earlier bytes that this job moved in merges before this one
  /// @param before bytes that the store spent on the layers before the merge began
  private record Work(LayerMerge merge, long cursor, long total, long earlier, long before) {}

  private Work begin(JobRun job, OpenRun run) throws IOException {
    Args args = job.args();
    String ids = String.join(" ", run.rows().stream().map(row -> row.id().toString()).toList());
    boolean same = ids.equals(args.textOrNull("run"));
    if (same && args.flag("open")) {
      giveLeaksBack(job.site(), run.rows().get((int) args.number("kept")));
    }
    run.begin(same ? (int) args.number("kept") : -1);
    LayerMerge merge = run.merge();
    long cursor = same ? args.number("cursor") : 0;
    long rest = merge.cost(cursor).movedBytes();
    long earlier = same ? args.number("earlier") : job.done();
    Work work =
        new Work(
            merge,
            cursor,
            same ? args.number("total") : rest,
            earlier,
            same ? args.number("before") : run.allocatedBytes());
    job.save(
        args.with("run", ids)
            .with("kept", run.keeper())
            .with("cursor", cursor)
            .with("total", work.total)
            .with("earlier", earlier)
            .with("before", work.before)
            .with("open", true));
    job.plan(earlier + work.total, earlier + work.total - rest);
    return work;
  }

  /// A program that died while it filled a layer in may have left clusters there that nothing
  /// refers to.
  static void giveLeaksBack(PoolSite site, LayerRow row) throws IOException {
    Path file = site.file(row);
    try (FileStorage storage = LayerFiles.unfrozen(file, LockMode.NONE)) {
      if (Qcow2Check.check(storage, CheckProgress.NONE).leaks() > 0) {
        Qcow2Check.repair(storage, RepairMode.LEAKS, CheckProgress.NONE);
      }
    }
  }

  private void move(JobRun job, OpenRun run, Work work) throws IOException {
    job.step("move");
    long[] reached = {work.cursor, 0};
    try {
      work.merge.run(
          work.cursor,
          (bytes, _, cursor) -> {
            reached[0] = cursor;
            reached[1] += bytes;
            if (reached[1] >= CHECKPOINT) {
              reached[1] = 0;
              run.keptLayer().flush();
              job.save(job.args().with("cursor", cursor));
            }
            job.moved(bytes);
          });
    } catch (CancellationException | JobWaitException e) {
      run.keptLayer().flush();
      job.save(job.args().with("cursor", reached[0]).with("open", false));
      throw e;
    }
    job.step("flush");
    run.keptLayer().flush();
    job.check();
  }

  private void finish(JobRun job, OpenRun run, Work work) throws IOException {
    run.close();
    Path top = job.site().file(run.top());
    try (FileStorage file = FileStorage.open(top, FileAccess.READ_ONLY, LockMode.NONE)) {
      job.freed(work.before - file.allocatedBytes());
    }
    job.save(job.args().with("run", "").with("earlier", work.earlier + work.total));
    job.alone(() -> {
      run.merged();
      return reaper.collect(job.site(), job.row().family(), false);
    });
  }
}
