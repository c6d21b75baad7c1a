// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.EngineConfig;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.Jobs;
import io.varve.engine.NotFoundException;
import io.varve.engine.RefusedException;
import io.varve.engine.Varve;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobWindow;
import io.varve.engine.model.PoolSpec;
import io.varve.image.ImageInUseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The life of a job, with a kind that does what the test says.
final class JobRunnerTest {
  private static final long NOON = Instant.parse("2026-05-01T12:00:00Z").toEpochMilli();
  private static final long MIB = 1 << 20;

  private final AtomicLong time = new AtomicLong(NOON);
  private final AtomicLong ids = new AtomicLong(1);
  private final List<Duration> pauses = new ArrayList<>();
  private JobKind work = fake(_ -> {});
  private Context context;
  private Varve varve;
  private JobsImpl jobs;
  private JobRunner runner;
  private UUID pool;
  @TempDir Path root;

  private interface Work {
    void run(JobRun run) throws IOException;
  }

  private static JobKind fake(Work work) {
    return new JobKind() {
      @Override
      public String name() {
        return "fake";
      }

      @Override
      public void run(JobRun run) throws IOException {
        work.run(run);
      }
    };
  }

  @BeforeEach
  void open() throws IOException {
    EngineConfig config =
        EngineConfig.of(Files.createDirectories(root.resolve("home")), new MemoryCatalog())
            .withClock(() -> Instant.ofEpochMilli(time.get()))
            .withZone(ZoneOffset.UTC)
            .withIds(() -> new UUID(ids.getAndIncrement() << 32, 0))
            .withPause(length -> {
              pauses.add(length);
              time.addAndGet(length.toMillis());
            });
    varve = Varve.open(config);
    pool = varve.pools().create(PoolSpec.virtual("p", root.resolve("pool"))).id();
    context = new Context(config);
    Parts parts = Parts.of(context);
    runner = parts.jobs();
    runner.register(fake(run -> work.run(run)));
    jobs = new JobsImpl(parts);
  }

  @AfterEach
  void close() {
    varve.close();
  }

  private String queue() {
    UUID id = context.newId();
    context.write(tx ->
        tx.insert(
            JobRow.queued(id, pool, new UUID(5, 5), "fake", "d@s", "key=value\n", time.get())));
    return id.toString();
  }

  @Test
  void runsAJobAndKeepsItsFigures() {
    work =
        fake(run -> {
          assertThat(run.args().text("key")).isEqualTo("value");
          run.plan(3 * MIB, MIB);
          run.moved(2 * MIB);
          run.freed(MIB);
        });
    String id = queue();
    assertThat(jobs.show(id).started()).isNull();
    time.addAndGet(1000);
    var done = jobs.run(id);
    assertThat(done.state()).isEqualTo(JobState.DONE);
    assertThat(done.totalBytes()).isEqualTo(3 * MIB);
    assertThat(done.doneBytes()).isEqualTo(3 * MIB);
    assertThat(done.freedBytes()).isEqualTo(MIB);
    assertThat(done.started()).isEqualTo(Instant.ofEpochMilli(NOON + 1000));
    assertThat(done.ended()).isEqualTo(Instant.ofEpochMilli(NOON + 1000));
    assertThat(jobs.list("p", false)).isEmpty();
    assertThat(jobs.list("p", true)).containsExactly(done);
  }

  @Test
  void aJobIsRunOnceAlsoWhenAskedTwice() {
    List<String> ran = new ArrayList<>();
    work = fake(_ -> ran.add("x"));
    String id = queue();
    jobs.run(id);
    jobs.run(id);
    assertThat(jobs.runAll(null)).isEmpty();
    assertThat(ran).hasSize(1);
  }

  @Test
  void runsAllInOrderAndEachOnce() {
    List<String> ran = new ArrayList<>();
    String first = queue();
    time.addAndGet(1);
    String second = queue();
    work =
        fake(run -> {
          ran.add(run.row().id().toString());
          throw new JobWaitException("not yet");
        });
    var views = jobs.runAll("p");
    assertThat(ran).containsExactly(first, second);
    assertThat(views).allMatch(v -> v.state() == JobState.WAITING && "not yet".equals(v.reason()));
  }

  @Test
  void aPauseStopsARunningJobAtItsNextLook() {
    String id = queue();
    work =
        fake(run -> {
          run.plan(100 * MIB, 0);
          run.moved(16 * MIB);
          jobs.pause(id);
          run.moved(16 * MIB);
          throw new AssertionError("went on");
        });
    assertThat(jobs.run(id).state()).isEqualTo(JobState.PAUSED);
    assertThat(jobs.show(id).doneBytes()).isEqualTo(32 * MIB);
    assertThat(jobs.runAll(null)).isEmpty();
    assertThat(jobs.await(id).state()).isEqualTo(JobState.PAUSED);

    work = fake(run -> run.plan(100 * MIB, 100 * MIB));
    assertThat(jobs.resume(id).state()).isEqualTo(JobState.QUEUED);
    assertThat(jobs.run(id).state()).isEqualTo(JobState.DONE);
  }

  @Test
  void aCancelIsForGood() {
    String id = queue();
    work =
        fake(run -> {
          jobs.cancel(id);
          run.check();
        });
    assertThat(jobs.run(id).state()).isEqualTo(JobState.CANCELLED);
    assertThatThrownBy(() -> jobs.resume(id)).isInstanceOf(RefusedException.class);
    assertThat(jobs.runAll(null)).isEmpty();
  }

  @Test
  void aFailureIsToldAndTriedAgainOnceResumed() {
    String id = queue();
    work =
        fake(_ -> {
          throw new IOException("the disk is on fire");
        });
    var failed = jobs.run(id);
    assertThat(failed.state()).isEqualTo(JobState.FAILED);
    assertThat(failed.reason()).contains("on fire");
    assertThat(failed.ended()).isNotNull();
    assertThat(jobs.runAll(null)).isEmpty();
    work = fake(_ -> {});
    jobs.resume(id);
    var done = jobs.runAll(null).getFirst();
    assertThat(done.state()).isEqualTo(JobState.DONE);
    assertThat(done.reason()).isNull();
  }

  @Test
  void aLayerInUseIsWaitedForAndNoFailure() {
    String id = queue();
    List<String> tries = new ArrayList<>();
    work =
        fake(_ -> {
          tries.add("x");
          if (tries.size() < 3) {
            throw ImageInUseException.lacking("\"write\"", "x.qcow2: image is in use. Stop it");
          }
        });
    assertThat(jobs.run(id).state()).isEqualTo(JobState.WAITING);
    assertThat(jobs.show(id).reason()).contains("in use");
    assertThat(jobs.await(id).state()).isEqualTo(JobState.DONE);
    assertThat(pauses).hasSize(1);
  }

  @Test
  void keepsToItsRate() {
    String id = queue();
    jobs.limit(id, MIB);
    work =
        fake(run -> {
          run.plan(10 * MIB, 0);
          for (int i = 0; i < 10; i++) {
            run.moved(MIB);
          }
        });
    jobs.run(id);
    assertThat(time.get() - NOON).isEqualTo(10_000);
  }

  @Test
  void aNewRateHoldsAtOnce() {
    String id = queue();
    jobs.limit(id, 1);
    work =
        fake(run -> {
          run.plan(10 * MIB, 0);
          jobs.limit(id, 0);
          run.moved(10 * MIB);
        });
    jobs.run(id);
    assertThat(time.get() - NOON).isLessThanOrEqualTo(200);
  }

  @Test
  void runsOnlyInItsWindowUnlessAskedByName() {
    String id = queue();
    List<Long> ran = new ArrayList<>();
    work = fake(_ -> ran.add(time.get()));
    jobs.setWindow(id, JobWindow.parse("22:00-06:00"));
    assertThat(jobs.runAll(null)).isEmpty();
    assertThat(jobs.await(id).state()).isEqualTo(JobState.DONE);
    assertThat(ran).containsExactly(NOON + Duration.ofHours(10).toMillis());

    String now = queue();
    jobs.setWindow(now, JobWindow.parse("00:00-00:01"));
    assertThat(jobs.run(now).state()).isEqualTo(JobState.DONE);
  }

  @Test
  void stopsWhenItsWindowCloses() {
    String id = queue();
    jobs.setWindow(id, JobWindow.parse("11:00-12:01"));
    work =
        fake(run -> {
          run.plan(100 * MIB, 0);
          time.addAndGet(Duration.ofMinutes(2).toMillis());
          run.moved(MIB);
        });
    var view = jobs.runAll(null).getFirst();
    assertThat(view.state()).isEqualTo(JobState.WAITING);
    assertThat(view.reason()).contains("11:00-12:01");
    assertThat(view.doneBytes()).isEqualTo(MIB);
  }

  @Test
  void whoStopsTheListenerLeavesTheJobQueued() {
    String id = queue();
    work =
        fake(_ -> {
          throw new CancellationException("enough");
        });
    assertThatThrownBy(() -> jobs.run(id)).hasMessageContaining("stopped on request");
    assertThat(jobs.show(id).state()).isEqualTo(JobState.QUEUED);
  }

  @Test
  void whatADeadProgramRanIsShownAsQueuedAndRunAgain() {
    String id = queue();
    work =
        fake(_ -> {
          throw new Error("killed");
        });
    assertThatThrownBy(() -> jobs.run(id)).hasMessage("killed");
    assertThat(jobs.show(id).state()).isEqualTo(JobState.QUEUED);
    assertThat(jobs.show(id).reason()).contains("gone");
    work = fake(_ -> {});
    assertThat(jobs.runAll(null)).allMatch(v -> v.state() == JobState.DONE).hasSize(1);
  }

  @Test
  void whoIsAtWorkKeepsOthersFromTheSameJob() {
    String id = queue();
    work =
        fake(_ -> {
          assertThat(jobs.show(id).state()).isEqualTo(JobState.RUNNING);
          assertThat(jobs.run(id).state()).isEqualTo(JobState.RUNNING);
        });
    assertThat(jobs.run(id).state()).isEqualTo(JobState.DONE);
  }

  @Test
  void aVerbMayAskForRoomWhoeverHoldsAnActiveLayer() {
    String id = queue();
    UUID disk = varve.disks().create("p", "d", DiskSpec.of(MIB)).id();
    UUID layer = context.read(tx -> tx.disk(disk).orElseThrow().activeLayer());
    work =
        fake(run -> {
          assertThat(runner.standAside(pool, new UUID(5, 5))).isFalse();
          run.save(run.args().withList("run", List.of(layer, new UUID(6, 6))));
          assertThat(runner.standAside(pool, new UUID(5, 5))).isTrue();
          run.check();
        });
    assertThat(jobs.run(id).state()).isEqualTo(JobState.WAITING);
    assertThat(runner.standAside(pool, new UUID(5, 5))).isFalse();
  }

  @Test
  void findsAJobByTheBeginningOfItsId() {
    String id = queue();
    String other = queue();
    Jobs facade = jobs;
    assertThat(facade.show(id.substring(0, 8).toUpperCase(java.util.Locale.ROOT)).id())
        .hasToString(id);
    assertThatThrownBy(() -> facade.show("0000")).isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> facade.show(other.substring(0, 3)))
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> facade.show("no such job")).isInstanceOf(NotFoundException.class);
  }

  @Test
  void readsWindows() {
    JobWindow night = JobWindow.parse("22:00-06:00");
    assertThat(night.contains(java.time.LocalTime.of(22, 0))).isTrue();
    assertThat(night.contains(java.time.LocalTime.of(3, 0))).isTrue();
    assertThat(night.contains(java.time.LocalTime.of(6, 0))).isFalse();
    assertThat(night).hasToString("22:00-06:00");
    for (String wrong : List.of("", "22:00", "22-06", "25:00-06:00", "06:00-06:00")) {
      assertThatThrownBy(() -> JobWindow.parse(wrong)).isInstanceOf(InvalidRequestException.class);
    }
  }
}
