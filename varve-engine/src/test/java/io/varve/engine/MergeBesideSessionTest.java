// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import io.varve.engine.model.SnapshotKindChoice;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Merges of layers of a disk that is in use.
final class MergeBesideSessionTest {
  private static final int BLOCKS = 64;

  private TestBed bed;
  @TempDir Path root;

  @BeforeEach
  void open() {
    bed = new TestBed(root).withPool().withDisk("d", (long) BLOCKS * BLOCK);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  /// Each snapshot holds a block of its own and one that the next one hides.
  private void chain(int depth) {
    for (int i = 1; i <= depth; i++) {
      bed.write("d", (long) (i % (BLOCKS - 1)) * BLOCK, i % 251, 2 * BLOCK);
      bed.varve.snapshots().create(at("d"), "s" + i, SnapshotKindChoice.AUTO);
    }
  }

  private static byte[] readAll(DiskSession session) {
    ByteBuffer all = ByteBuffer.allocate((int) session.size());
    session.read(0, all);
    return all.array();
  }

  @ParameterizedTest
  @CsvSource({"6, true", "6, false", "40, true", "40, false"})
  void aSessionReadsAndWritesOnWhileLayersBeneathItAreMerged(int depth, boolean sameProgram) {
    chain(depth);
    bed.readAll("d");
    byte[] expected = bed.readAll("d");
    Varve other = sameProgram ? bed.varve : bed.again(StepHook.NONE);
    try (DiskSession session = bed.varve.data().open(at("d"), true)) {
      session.read(0, ByteBuffer.allocate(512));
      List<DiskAddress> gone = new ArrayList<>();
      for (int i = 2; i < depth - 1; i += i % 4 == 0 ? 2 : 1) {
        gone.add(at("d@s" + i));
      }
      other.snapshots().delete(gone);
      List<JobView> jobs = other.jobs().runAll(POOL);
      // Long chains do not hold all their files open, and another program cannot be told.
      JobState state = sameProgram || depth < 32 ? JobState.DONE : JobState.WAITING;
      assertThat(jobs).isNotEmpty().allMatch(job -> job.state() == state);
      assertThat(readAll(session)).isEqualTo(expected);
      byte[] mine = new byte[BLOCK / 2];
      Arrays.fill(mine, (byte) 77);
      session.write(3L * BLOCK, ByteBuffer.wrap(mine));
      session.flush();
      System.arraycopy(mine, 0, expected, 3 * BLOCK, mine.length);
      assertThat(readAll(session)).isEqualTo(expected);
    }
    assertThat(bed.readAll("d")).isEqualTo(expected);
    assertThat(other.jobs().runAll(POOL)).allMatch(job -> job.state() == JobState.DONE);
    assertThat(bed.readAll("d")).isEqualTo(expected);
  }

  @Test
  void aMergeIntoTheActiveLayerMakesRoomForWhoeverWantsIt() {
    chain(1);
    bed.write("d", 30L * BLOCK, 9, 20 * BLOCK);
    bed.write("d", 0, 8, BLOCK);
    byte[] expected = bed.readAll("d");
    bed.varve.snapshots().delete(at("d@s1"));
    boolean[] opened = {false};
    Varve worker =
        Varve.open(
            bed.config.withProgress((_, _, _) -> {
              if (!opened[0]) {
                opened[0] = true;
                assertBusyThenRoom();
              }
            }));
    assertThat(worker.jobs().runAll(POOL)).allMatch(job -> job.state() == JobState.WAITING);
    assertThat(opened[0]).isTrue();
    assertThat(bed.readAll("d")).isEqualTo(expected);
    assertThat(bed.runJobs()).allMatch(job -> job.state() == JobState.DONE).hasSize(1);
    assertThat(bed.readAll("d")).isEqualTo(expected);
    assertThat(bed.layerFiles()).hasSize(1);
  }

  /// The job has the layer until its next step, which comes after this.
  private void assertBusyThenRoom() {
    try (DiskSession session = bed.varve.data().open(at("d"), true)) {
      throw new AssertionError("opened beside a job that fills the layer in: " + session);
    } catch (BusyException e) {
      assertThat(bed.varve.jobs().list(POOL, false))
          .allMatch(job -> job.state() == JobState.WAITING);
    }
  }

  @Test
  void aSnapshotIsTakenWhileAMergeOfItsDiskIsUnderWay() {
    chain(4);
    byte[] expected = bed.readAll("d");
    bed.varve.snapshots().delete(at("d@s2"));
    int[] taken = {0};
    Varve worker =
        Varve.open(
            bed.config.withProgress((_, _, _) -> {
              bed.varve.snapshots().create(at("d"), "during" + taken[0]++, SnapshotKindChoice.AUTO);
              bed.write("d", 60L * BLOCK, taken[0], 512);
            }));
    assertThat(worker.jobs().runAll(POOL)).allMatch(job -> job.state() == JobState.DONE);
    assertThat(taken[0]).isPositive();
    assertThat(bed.readAll("d@during0")).isEqualTo(expected);
    assertThat(bed.read("d", 60L * BLOCK)).isEqualTo(taken[0]);
  }
}
