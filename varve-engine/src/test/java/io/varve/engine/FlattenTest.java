// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.FlattenPreview;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import io.varve.engine.model.SnapshotKindChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FlattenTest {
  @TempDir Path root;

  /// A disk with two snapshots; a clone with a snapshot of its own; a clone of that.
  private static TestBed tree(Path folder) {
    TestBed bed = new TestBed(folder).withPool().withDisk("d", 4 * MIB);
    bed.write("d", 0, 1, BLOCK);
    bed.write("d", MIB, 1, 3 * BLOCK);
    snapshot(bed, "d", "s1");
    bed.write("d", 0, 2, BLOCK);
    snapshot(bed, "d", "s2");
    bed.varve.clones().fast(at("d@s2"), "c");
    bed.varve.clones().fast(at("d@s2"), "other");
    bed.write("c", MIB, 3, BLOCK);
    snapshot(bed, "c", "own");
    bed.write("c", 2 * MIB, 4, BLOCK);
    bed.varve.clones().fast(at("c@own"), "grandchild");
    bed.write("grandchild", 3 * MIB, 5, BLOCK);
    return bed;
  }

  private static void snapshot(TestBed bed, String disk, String name) {
    bed.varve.snapshots().create(at(disk), name, SnapshotKindChoice.AUTO);
  }

  private static Map<String, byte[]> contents(TestBed bed, String... sources) {
    Map<String, byte[]> all = new HashMap<>();
    for (String source : sources) {
      all.put(source, bed.readAll(source));
    }
    return all;
  }

  private static void requireSame(TestBed bed, Map<String, byte[]> before) {
    before.forEach((source, bytes) -> assertThat(bed.readAll(source)).as(source).isEqualTo(bytes));
  }

  @Test
  void cutsACloneLooseWithAllThatStandsOnIt() throws IOException {
    try (TestBed bed = tree(root)) {
      Map<String, byte[]> before = contents(bed, "d", "d@s1", "c", "c@own", "grandchild", "other");
      FlattenPreview preview = bed.varve.clones().previewFlatten(at("c"));
      assertThat(preview.layers()).isEqualTo(2);
      assertThat(preview.movedBytes()).isEqualTo(3 * BLOCK);
      assertThat(preview.freedBytes()).isZero();
      JobView job = run(bed, bed.varve.clones().flatten(at("c")));
      assertThat(job.state()).as("%s", job).isEqualTo(JobState.DONE);
      assertThat(job.doneBytes()).isEqualTo(preview.movedBytes());
      requireSame(bed, before);
      assertThat(bed.varve.disks().show(at("c")).depth()).isEqualTo(2);
      assertThat(bed.varve.disks().show(at("c")).clonedFrom()).isNull();
      assertThat(bed.varve.disks().show(at("grandchild")).clonedFrom()).isEqualTo("c@own");
      assertThat(bed.varve.pools().rescan(POOL).findings()).isEmpty();
      bed.varve.disks().delete(at("other"), true);
      bed.varve.disks().delete(at("d"), true);
      before.keySet().removeIf(source -> source.startsWith("d") || source.equals("other"));
      requireSame(bed, before);
      assertThat(bed.layerFiles()).hasSize(3);
      assertThatThrownBy(() -> bed.varve.clones().flatten(at("c")))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("stands alone");
    }
  }

  @Test
  void flattensAGrandchildAfterItsParentWasCutLoose() {
    try (TestBed bed = tree(root)) {
      Map<String, byte[]> before = contents(bed, "d", "c", "c@own", "grandchild", "other");
      UUID parent = bed.varve.clones().flatten(at("c"));
      UUID child = bed.varve.clones().flatten(at("grandchild"));
      assertThat(bed.varve.clones().flatten(at("grandchild"))).isEqualTo(child);
      assertThat(run(bed, parent).state()).isEqualTo(JobState.DONE);
      run(bed, child);
      JobView job = run(bed, child);
      assertThat(job.state()).as("%s", job).isEqualTo(JobState.DONE);
      assertThat(bed.varve.disks().show(at("grandchild")).depth()).isEqualTo(1);
      requireSame(bed, before);
      assertThat(bed.varve.pools().rescan(POOL).findings()).isEmpty();
    }
  }

  @Test
  void freesWhatNobodyReadsAfterwards() {
    try (TestBed bed = new TestBed(root).withPool().withDisk("d", 4 * MIB)) {
      bed.write("d", 0, 1, BLOCK);
      snapshot(bed, "d", "s1");
      bed.varve.clones().fast(at("d@s1"), "c");
      bed.varve.disks().delete(at("d"), true);
      FlattenPreview preview = bed.varve.clones().previewFlatten(at("c"));
      assertThat(preview.freedBytes()).isPositive();
      JobView job = run(bed, bed.varve.clones().flatten(at("c")));
      assertThat(job.state()).as("%s", job).isEqualTo(JobState.DONE);
      assertThat(job.freedBytes()).isEqualTo(preview.freedBytes());
      assertThat(bed.layerFiles()).hasSize(1);
      assertThat(bed.read("c", 0)).isEqualTo(1);
    }
  }

  @Test
  void waitsWhileTheCloneIsWritten() {
    try (TestBed bed = new TestBed(root).withPool().withDisk("d", 4 * MIB)) {
      bed.write("d", 0, 1, BLOCK);
      bed.varve.clones().fast(at("d"), "c");
      UUID id = bed.varve.clones().flatten(at("c"));
      try (DiskSession session = bed.varve.data().open(at("c"), true)) {
        assertThat(session.writable()).isTrue();
        assertThat(run(bed, id).state()).isEqualTo(JobState.WAITING);
      }
      assertThat(run(bed, id).state()).isEqualTo(JobState.DONE);
      assertThat(bed.read("c", 0)).isEqualTo(1);
    }
  }

  private static JobView run(TestBed bed, UUID id) {
    return bed.varve.jobs().run(id.toString());
  }

  private static final class Died extends Error {
    private static final long serialVersionUID = 1;
  }

  @Test
  void goesOnWhereverItsProgramDied() throws IOException {
    for (int cut = 0; cut < 40; cut++) {
      try (TestBed bed = tree(Files.createDirectory(root.resolve("cut" + cut)))) {
        Map<String, byte[]> before = contents(bed, "d", "d@s1", "c", "c@own", "grandchild");
        UUID id = bed.varve.clones().flatten(at("c"));
        if (!diesAt(bed, id, cut)) {
          assertThat(cut).isGreaterThan(5);
          return;
        }
        requireSame(bed, before);
        JobView job = run(bed, id);
        assertThat(job.state()).as("%s, cut before step %s", job, cut).isEqualTo(JobState.DONE);
        requireSame(bed, before);
        assertThat(bed.varve.disks().show(at("c")).depth()).isEqualTo(2);
        assertThat(bed.varve.pools().rescan(POOL).findings()).isEmpty();
      }
    }
    throw new AssertionError("it never came to its end");
  }

  private static boolean diesAt(TestBed bed, UUID id, int cut) {
    AtomicInteger steps = new AtomicInteger();
    Varve dying =
        bed.again((_, _) -> {
          if (steps.getAndIncrement() == cut) {
            throw new Died();
          }
        });
    try {
      dying.jobs().run(id.toString());
      return false;
    } catch (Died _) {
      return true;
    }
  }

  @Test
  void keepsRandomTreesOfClonesRight() {
    long seed = Long.getLong("varve.seed", 20_261_122L);
    System.out.println("seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    try (TestBed bed = new TestBed(root).withPool().withDisk("n0", 2 * MIB)) {
      int disks = 1;
      for (int i = 0; i < 60; i++) {
        String disk = "n" + random.nextInt(disks);
        switch (random.nextInt(4)) {
          case 0 -> bed.varve.clones().fast(at(disk), "n" + disks++);
          case 1 -> flattenIfClone(bed, disk);
          case 2 -> snapshot(bed, disk, "s" + i);
          default -> bed.write(disk, (long) random.nextInt(32) * BLOCK, 1 + i, BLOCK);
        }
        if (i % 20 == 19) {
          requireSameAfterRescan(bed, disks);
        }
      }
    }
  }

  private static void flattenIfClone(TestBed bed, String disk) {
    byte[] before = bed.readAll(disk);
    try {
      UUID id = bed.varve.clones().flatten(at(disk));
      assertThat(run(bed, id).state()).isEqualTo(JobState.DONE);
    } catch (RefusedException e) {
      assertThat(bed.varve.disks().show(at(disk)).clonedFrom()).isNull();
    }
    assertThat(bed.readAll(disk)).isEqualTo(before);
  }

  private static void requireSameAfterRescan(TestBed bed, int disks) {
    String[] names = new String[disks];
    for (int i = 0; i < disks; i++) {
      names[i] = "n" + i;
    }
    Map<String, byte[]> before = contents(bed, names);
    assertThat(bed.varve.pools().rescan(POOL).findings()).isEmpty();
    requireSame(bed, before);
  }
}
