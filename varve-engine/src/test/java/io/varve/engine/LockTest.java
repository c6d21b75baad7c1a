// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.SnapshotKindChoice;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two Varves on one pool.
final class LockTest {
  private static final long SECONDS = 60;

  @TempDir Path root;
  private TestBed bed;

  @BeforeEach
  void open() {
    bed = new TestBed(root).withPool().withDisk("d", MIB);
    bed.write("d", 0, 1, BLOCK);
    bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  @Test
  void keepVerbsOnOneFamilyApartAndLetOthersRun() throws Exception {
    bed.withDisk("other", MIB);
    bed.varve.clones().fast(at("d@s"), "clone");
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Varve slow =
        bed.again((_, step) -> {
          if (step.equals("freeze")) {
            begun.countDown();
            await(goOn);
          }
        });
    try (ExecutorService worker = Executors.newSingleThreadExecutor()) {
      Future<?> verb =
          worker.submit(() -> slow.snapshots().create(at("d"), "t", SnapshotKindChoice.AUTO));
      await(begun);
      assertBusy(() -> bed.varve.snapshots().delete(at("d@s")));
      assertBusy(() -> bed.varve.snapshots().create(at("clone"), "x", SnapshotKindChoice.AUTO));
      assertBusy(() -> bed.read("d", 0));
      assertBusy(() -> bed.varve.pools().rescan(POOL));
      bed.varve.snapshots().create(at("other"), "o", SnapshotKindChoice.AUTO);
      bed.varve.disks().create(POOL, "new", DiskSpec.of(MIB));
      assertThat(bed.tree("d")).hasSize(3);
      goOn.countDown();
      verb.get(SECONDS, TimeUnit.SECONDS);
    }
    assertThat(bed.tree("d")).containsExactlyInAnyOrder("s<-", "p/clone<s", "t<s", "*p/d<t");
  }

  private static void assertBusy(Runnable verb) {
    assertThatThrownBy(verb::run)
        .isInstanceOf(BusyException.class)
        .hasMessageContaining("another Varve");
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(SECONDS, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void waitForEachOtherWhenTold() throws Exception {
    Varve patient = Varve.open(bed.config.withLockWait(Duration.ofSeconds(SECONDS)));
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService workers = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 12; i++) {
        String name = "c" + i;
        running.add(workers.submit(() -> patient.clones().fast(at("d@s"), name)));
      }
      for (Future<?> each : running) {
        each.get(SECONDS, TimeUnit.SECONDS);
      }
    }
    assertThat(bed.varve.disks().list(POOL)).hasSize(13);
    assertThat(bed.varve.snapshots().show(at("d@s")).clones()).hasSize(12);
  }

  @Test
  void letManyReadAtOnceAndOneWrite() {
    try (DiskSession one = bed.varve.data().open(at("d"), false);
        DiskSession two = bed.again(StepHook.NONE).data().open(at("d"), false)) {
      assertThat(one.size()).isEqualTo(two.size());
      assertThatThrownBy(() -> bed.varve.data().open(at("d"), true))
          .isInstanceOf(BusyException.class);
    }
    try (DiskSession writer = bed.varve.data().open(at("d"), true)) {
      assertThat(writer.writable()).isTrue();
      assertThatThrownBy(() -> bed.varve.data().open(at("d"), true))
          .isInstanceOf(BusyException.class);
      assertThatThrownBy(() -> bed.read("d", 0)).isInstanceOf(BusyException.class);
      assertThat(bed.read("d@s", 0)).isEqualTo(1);
      assertThat(bed.varve.disks().show(at("d")).problem()).isNull();
    }
  }
}
