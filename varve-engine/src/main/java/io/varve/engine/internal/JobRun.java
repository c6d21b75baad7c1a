// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.JobRow;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobWindow;
import java.io.IOException;
import java.time.InstantSource;
import java.time.LocalTime;
import java.util.UUID;

/// One run of a job: where a kind learns what to do, says how far it is, and is slowed down or
/// stopped. For one thread.
final class JobRun {
  private static final long CHECK_BYTES = 16 << 20;
  private static final long CHECK_MILLIS = 500;

  private final Context context;
  private final Journal journal;
  private final PoolSite site;
  private final boolean atAnyTime;
  private final JobRate rate;
  private JobRow row;
  private long total;
  private long done;
  private long freed;
  private long checkedAt;
  private long uncheckedBytes;

  JobRun(Context context, Journal journal, PoolSite site, JobRow row, boolean atAnyTime) {
    this.context = context;
    this.journal = journal;
    this.site = site;
    this.row = row;
    this.atAnyTime = atAnyTime;
    this.total = row.totalBytes();
    this.done = row.doneBytes();
    this.freed = row.freedBytes();
    this.rate = new JobRate(context.config().clock(), context.config().pause());
    this.checkedAt = context.now();
    rate.set(row.bytesPerSecond());
  }

  JobRow row() {
    return row;
  }

  Args args() {
    return Args.decode(row.args());
  }

  PoolSite site() {
    return site;
  }

  /// Marks a step, for tests that cut a job short.
  void step(String name) {
    context.step(row.kind(), name);
  }

  /// Runs a short step alone in the family, with the journal dealt with.
  <T> T alone(Verbs.InFamily<T> step) throws IOException {
    return alone(row.family(), step);
  }

  /// The same in a family that came of this one.
  <T> T alone(UUID family, Verbs.InFamily<T> step) throws IOException {
    try (PoolLocks.Held _ = context.locks().exclusive(site, family)) {
      journal.recover(site, family);
      return step.run();
    }
  }

  /// Says how much there is to move in all, and how much of it was moved by an earlier run.
  void plan(long totalBytes, long doneBytes) {
    total = totalBytes;
    done = doneBytes;
    check();
  }

  /// Says that so much was moved; waits where that was too fast.
  ///
  /// @throws JobStoppedException if the job was paused or cancelled meanwhile
  void moved(long bytes) {
    done += bytes;
    uncheckedBytes += bytes;
    rate.add(bytes);
    context.config().progress().progress(row.kind(), done, total);
    if (uncheckedBytes >= CHECK_BYTES || context.now() - checkedAt >= CHECK_MILLIS) {
      check();
    }
    while (rate.pauseIfEarly()) {
      check();
    }
  }

  /// Bytes moved so far, by this run and those before.
  long done() {
    return done;
  }

  /// Keeps what the next run needs to know.
  void save(Args args) {
    String text = args.encode();
    row =
        context.read(tx -> {
          JobRow now =
              tx.job(row.id()).orElseThrow(() -> new JobStoppedException("the job is gone"));
          tx.update(now.withArgs(text).withProgress(total, done));
          return tx.job(row.id()).orElseThrow();
        });
  }

  /// Adds to what went back to the store.
  void freed(long bytes) {
    freed += bytes;
  }

  /// Looks at the row: writes how far the job is, and learns what others want of it.
  void check() {
    row =
        context.read(tx -> {
          JobRow now = tx.job(row.id()).orElse(null);
          if (now == null || now.state() != JobState.RUNNING) {
            throw new JobStoppedException("the job was stopped");
          }
          tx.update(now.withProgress(total, done).withFreed(freed));
          return tx.job(row.id()).orElseThrow();
        });
    checkedAt = context.now();
    uncheckedBytes = 0;
    rate.set(row.bytesPerSecond());
    requireInWindow(row);
  }

  private void requireInWindow(JobRow now) {
    if (!atAnyTime && !inWindow(context, now)) {
      throw new JobWaitException("it runs only from " + now.window());
    }
  }

  static boolean inWindow(Context context, JobRow row) {
    String window = row.window();
    InstantSource clock = context.config().clock();
    return window == null
        || JobWindow.parse(window)
            .contains(LocalTime.ofInstant(clock.instant(), context.config().zone()));
  }

  /// The row as it stands at the end of this run.
  JobRow with(JobRow now) {
    return now.withProgress(total, done).withFreed(freed);
  }
}
