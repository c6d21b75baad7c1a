// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.BusyException;
import io.varve.engine.NotFoundException;
import io.varve.engine.ProblemCode;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.model.JobState;
import io.varve.engine.model.NodeRole;
import io.varve.image.ImageInUseException;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Runs jobs, in the thread of whoever asks.
///
/// A job is claimed by a lock that goes with its holder, so that no two run one job at a time, and
/// a job whose row says that it runs while nobody has the lock was left by a program that died.
final class JobRunner {
  private final Context context;
  private final Journal journal;
  private final Map<String, JobKind> kinds = new HashMap<>();

  JobRunner(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  void register(JobKind kind) {
    kinds.put(kind.name(), kind);
  }

  /// Runs one job, if nobody else does.
  ///
  /// @param atAnyTime also outside of its window
  /// @return the job as it is then
  JobRow run(UUID id, boolean atAnyTime) throws IOException {
    JobRow row = require(id);
    PoolSite site = siteOf(row);
    try (PoolLocks.Held held = context.locks().tryJob(site, id)) {
      if (held == null) {
        return require(id);
      }
      JobRow begun = begin(id, atAnyTime);
      return begun.state() == JobState.RUNNING ? work(site, begun, atAnyTime) : begun;
    }
  }

  /// Jobs that could be run and that this call has not run yet.
  Optional<JobRow> next(@Nullable UUID pool, Set<UUID> seen) {
    return context.read(tx -> tx.jobs()).stream()
        .filter(row -> pool == null || row.pool().equals(pool))
        .filter(row -> row.state().ready() && !seen.contains(row.id()))
        .filter(row -> JobRun.inWindow(context, row))
        .findFirst();
  }

  /// Runs what can be run, the oldest first; each job once.
  Set<UUID> runAll(@Nullable UUID pool) throws IOException {
    Set<UUID> seen = new HashSet<>();
    for (Optional<JobRow> row = next(pool, seen); row.isPresent(); row = next(pool, seen)) {
      seen.add(row.get().id());
      run(row.get().id(), false);
    }
    return seen;
  }

  JobRow require(UUID id) {
    return context
        .read(tx -> tx.job(id))
        .orElseThrow(() ->
            new NotFoundException(
                ProblemCode.JOB_NOT_FOUND, "there is no job " + id, "List the jobs."));
  }

  private PoolSite siteOf(JobRow row) {
    PoolRow pool =
        context
            .read(tx -> tx.pool(row.pool()))
            .orElseThrow(() -> Resolver.noPool(row.pool().toString()));
    return new PoolSite(pool);
  }

  private JobRow begin(UUID id, boolean atAnyTime) {
    return change(
        id,
        row -> {
          if (!row.state().ready()) {
            return row;
          }
          long started = row.startedMillis() == 0 ? context.now() : row.startedMillis();
          return atAnyTime || JobRun.inWindow(context, row)
              ? row.withState(JobState.RUNNING, null).withTimes(started, 0)
              : row.withState(JobState.WAITING, "it runs only from " + row.window());
        });
  }

  private JobRow work(PoolSite site, JobRow row, boolean atAnyTime) throws IOException {
    JobRun run = new JobRun(context, journal, site, row, atAnyTime);
    JobKind kind = kinds.get(row.kind());
    if (kind == null) {
      return end(run, JobState.FAILED, "this Varve knows no jobs of kind " + row.kind());
    }
    try {
      site.requirePresent();
      kind.run(run);
      return end(run, JobState.DONE, null);
    } catch (JobStoppedException _) {
      return leave(run);
    } catch (CancellationException e) {
      end(run, JobState.QUEUED, null);
      throw e;
    } catch (JobWaitException | ImageInUseException | BusyException e) {
      return end(run, JobState.WAITING, Problems.reason(e));
    } catch (IOException | RuntimeException e) {
      return end(run, JobState.FAILED, Problems.reason(e));
    }
  }

  /// Writes how a run came out, unless someone has paused or cancelled the job meanwhile.
  private JobRow end(JobRun run, JobState state, @Nullable String reason) {
    return change(
        run.row().id(),
        row -> {
          JobRow now = run.with(row);
          if (row.state() != JobState.RUNNING && state != JobState.DONE) {
            return now;
          }
          return now.withState(state, reason)
              .withTimes(row.startedMillis(), state.ended() ? context.now() : 0);
        });
  }

  private JobRow leave(JobRun run) {
    return context
        .read(tx -> tx.job(run.row().id()))
        .map(row -> change(row.id(), run::with))
        .orElse(run.row());
  }

  /// Changes a row in one transaction, and returns it as it is then.
  JobRow change(UUID id, UnaryOperator<JobRow> change) {
    require(id);
    return context.read(tx -> {
      JobRow row = tx.job(id).orElseThrow();
      JobRow changed = change.apply(row);
      if (!changed.equals(row)) {
        tx.update(changed);
      }
      return tx.job(id).orElseThrow();
    });
  }

  /// Asks the jobs that hold an active layer of a family to make room for a verb: each stops at its
  /// next step, and the next run goes on with it. True if there are any.
  boolean standAside(UUID pool, UUID family) {
    List<JobRow> running =
        context.read(tx -> tx.jobsOfFamily(pool, family)).stream()
            .filter(row -> row.state() == JobState.RUNNING && holdsActive(row))
            .toList();
    for (JobRow row : running) {
      change(
          row.id(),
          now ->
              now.state() == JobState.RUNNING
                  ? now.withState(JobState.WAITING, "it made room for a verb on the same disk")
                  : now);
    }
    return !running.isEmpty();
  }

  private boolean holdsActive(JobRow row) {
    String run = Args.decode(row.args()).textOrNull("run");
    if (run == null || run.isEmpty()) {
      return false;
    }
    UUID top = UUID.fromString(run.split(" ", 2)[0]);
    return context
        .read(tx -> tx.layer(top))
        .filter(layer -> layer.role() == NodeRole.ACTIVE)
        .isPresent();
  }

  /// True if the job's program died in its midst.
  boolean abandoned(JobRow row) throws IOException {
    if (row.state() != JobState.RUNNING) {
      return false;
    }
    try (PoolLocks.Held held = context.locks().tryJob(siteOf(row), row.id())) {
      return held != null;
    }
  }
}
