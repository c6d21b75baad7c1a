// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.InvalidRequestException;
import io.varve.engine.Jobs;
import io.varve.engine.NotFoundException;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import io.varve.engine.model.JobWindow;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The verbs on jobs.
final class JobsImpl implements Jobs {
  private static final int SHORTEST_ID = 4;
  private static final Duration BETWEEN_TRIES = Duration.ofMillis(500);

  private final Context context;
  private final Resolver resolver;
  private final JobRunner runner;

  JobsImpl(Parts parts) {
    this.context = parts.context();
    this.resolver = parts.resolver();
    this.runner = parts.jobs();
  }

  @Override
  public List<JobView> list(@Nullable String pool, boolean ended) {
    return Problems.guard(() -> {
      UUID only = pool == null ? null : resolver.pool(pool).row().id();
      List<JobView> views = new ArrayList<>();
      for (JobRow row : context.read(tx -> tx.jobs())) {
        if ((only == null || row.pool().equals(only)) && (ended || !row.state().ended())) {
          views.add(view(row));
        }
      }
      return views;
    });
  }

  @Override
  public JobView show(String id) {
    return Problems.guard(() -> view(find(id)));
  }

  @Override
  public JobView run(String id) {
    return Problems.guard(() -> view(runner.run(find(id).id(), true)));
  }

  @Override
  public List<JobView> runAll(@Nullable String pool) {
    return Problems.guard(() -> {
      Set<UUID> seen = runner.runAll(pool == null ? null : resolver.pool(pool).row().id());
      List<JobView> views = new ArrayList<>();
      for (JobRow row : context.read(tx -> tx.jobs())) {
        if (seen.contains(row.id())) {
          views.add(view(row));
        }
      }
      return views;
    });
  }

  @Override
  public JobView await(String id) {
    return Problems.guard(() -> {
      UUID job = find(id).id();
      for (JobRow row = runner.run(job, false); row.state().ready(); row = runner.run(job, false)) {
        context.config().pause().pause(BETWEEN_TRIES);
      }
      return view(runner.require(job));
    });
  }

  @Override
  public JobView pause(String id) {
    return change(
        id, row -> row.state().ended() ? row : row.withState(JobState.PAUSED, row.reason()));
  }

  @Override
  public JobView resume(String id) {
    return change(
        id,
        row ->
            switch (row.state()) {
              case PAUSED, FAILED, WAITING ->
                  row.withState(JobState.QUEUED, null).withTimes(row.startedMillis(), 0);
              case QUEUED, RUNNING -> row;
              case DONE, CANCELLED ->
                  throw new RefusedException(
                      ProblemCode.INVALID_REQUEST,
                      "job " + id + " is " + row.state().name().toLowerCase(Locale.ROOT),
                      "What has ended is not resumed; collect the pool to plan anew.");
            });
  }

  @Override
  public JobView cancel(String id) {
    return change(
        id,
        row ->
            row.state() == JobState.DONE
                ? row
                : row.withState(JobState.CANCELLED, null)
                    .withTimes(row.startedMillis(), context.now()));
  }

  @Override
  public JobView limit(String id, long bytesPerSecond) {
    if (bytesPerSecond < 0) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          "a rate of " + bytesPerSecond + " bytes a second cannot be",
          "Give a positive rate, or 0 for as fast as it can.");
    }
    return change(id, row -> row.withTerms(bytesPerSecond, row.window()));
  }

  @Override
  public JobView setWindow(String id, @Nullable JobWindow window) {
    String text = window == null ? null : window.toString();
    return change(id, row -> row.withTerms(row.bytesPerSecond(), text));
  }

  private JobView change(String id, UnaryOperator<JobRow> change) {
    return Problems.guard(() -> view(runner.change(find(id).id(), change)));
  }

  private JobRow find(String id) {
    String wanted = id.toLowerCase(Locale.ROOT);
    List<JobRow> found =
        wanted.length() < SHORTEST_ID
            ? List.of()
            : context.read(tx -> tx.jobs()).stream()
                .filter(row -> row.id().toString().startsWith(wanted))
                .toList();
    if (found.isEmpty()) {
      throw new NotFoundException(
          ProblemCode.JOB_NOT_FOUND,
          "there is no job '" + id + "'",
          "List the jobs; the first " + SHORTEST_ID + " characters of an id at least name one.");
    }
    if (found.size() > 1) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          "'" + id + "' is the beginning of " + found.size() + " jobs' ids",
          "Write more of it.");
    }
    return found.getFirst();
  }

  JobView view(JobRow row) throws IOException {
    boolean abandoned = runner.abandoned(row);
    String window = row.window();
    return new JobView(
        row.id(),
        context.read(tx -> tx.pool(row.pool())).map(PoolRow::name).orElse("?"),
        row.kind(),
        row.subject(),
        abandoned ? JobState.QUEUED : row.state(),
        row.totalBytes(),
        row.doneBytes(),
        row.freedBytes(),
        row.bytesPerSecond(),
        window == null ? null : JobWindow.parse(window),
        abandoned ? "the program that ran it is gone; the next run goes on with it" : row.reason(),
        Instant.ofEpochMilli(row.createdMillis()),
        row.startedMillis() == 0 ? null : Instant.ofEpochMilli(row.startedMillis()),
        row.endedMillis() == 0 ? null : Instant.ofEpochMilli(row.endedMillis()));
  }
}
