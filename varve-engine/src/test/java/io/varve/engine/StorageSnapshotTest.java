// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeleteOutcome.How;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import io.varve.engine.model.SnapshotKind;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StorageSnapshotTest {
  @TempDir Path root;
  private TestBed bed;

  @BeforeEach
  void open() {
    bed = new TestBed(root).withPool().withDisk("d", 4 * MIB);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private SnapshotView snapshot(String name) {
    return bed.varve.snapshots().create(at("d"), name, SnapshotKindChoice.AUTO);
  }

  private DiskView revert(String address) {
    return bed.varve.snapshots().revert(at(address), null);
  }

  private DeleteOutcome delete(String address) {
    return bed.varve.snapshots().delete(at(address));
  }

  @Test
  void keepsTheStateWhileTheDiskGoesOn() {
    bed.write("d", 0, 1, BLOCK);
    SnapshotView taken = snapshot("s1");
    assertThat(taken.kind()).isEqualTo(SnapshotKind.STORAGE);
    assertThat(taken.current()).isTrue();
    bed.write("d", 0, 2, BLOCK);
    bed.write("d", MIB, 3, 512);
    assertThat(bed.read("d@s1", 0)).isEqualTo(1);
    assertThat(bed.read("d@s1", MIB)).isZero();
    assertThat(bed.read("d", 0)).isEqualTo(2);
    assertThat(bed.read("d", MIB + 511)).isEqualTo(3);
    assertThat(bed.read("d", MIB + 512)).isZero();
    assertThat(bed.tree("d")).containsExactly("s1<-", "*p/d<s1");
  }

  @Test
  void saysWhetherAnythingChangedSince() {
    assertThat(bed.varve.disks().show(at("d")).changedSince()).isFalse();
    bed.write("d", 0, 1, 512);
    assertThat(bed.varve.disks().show(at("d")).changedSince()).isTrue();
    snapshot("s1");
    DiskView fresh = bed.varve.disks().show(at("d"));
    assertThat(fresh.changedSince()).isFalse();
    assertThat(fresh.parent()).isEqualTo("s1");
    assertThat(fresh.depth()).isEqualTo(2);
    assertThat(fresh.snapshots()).isEqualTo(1);
  }

  @Test
  void freezesTheLayerOnTheFileSystemToo() throws IOException {
    SnapshotView taken = snapshot("s1");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(taken.file())))
        .isEqualTo("r--r--r--");
    assertThatThrownBy(() -> bed.write("d@s1", 0, 9, 512))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("read-only")
        .extracting(e -> ((VarveException) e).code())
        .isEqualTo(ProblemCode.FROZEN);
  }

  @Test
  void revertsToAnyNodeAndKeepsTheOthers() {
    bed.write("d", 0, 1, BLOCK);
    snapshot("s1");
    bed.write("d", 0, 2, BLOCK);
    snapshot("s2");
    bed.write("d", 0, 3, BLOCK);
    DiskView reverted = revert("d@s1");
    assertThat(reverted.parent()).isEqualTo("s1");
    assertThat(bed.read("d", 0)).isEqualTo(1);
    assertThat(bed.read("d@s2", 0)).isEqualTo(2);
    bed.write("d", 0, 4, BLOCK);
    snapshot("s3");
    assertThat(bed.tree("d")).containsExactly("s1<-", "s2<s1", "s3<s1", "*p/d<s3");
    revert("d@s2");
    assertThat(bed.read("d", 0)).isEqualTo(2);
    assertThat(bed.read("d@s3", 0)).isEqualTo(4);
    assertThat(bed.layerFiles()).hasSize(4);
  }

  @Test
  void keepsAbandonedChangesUnderAName() {
    bed.write("d", 0, 1, BLOCK);
    snapshot("s1");
    bed.write("d", 0, 2, BLOCK);
    bed.varve.snapshots().revert(at("d@s1"), "before-revert");
    assertThat(bed.read("d", 0)).isEqualTo(1);
    assertThat(bed.read("d@before-revert", 0)).isEqualTo(2);
    assertThat(bed.tree("d")).containsExactly("s1<-", "before-revert<s1", "*p/d<s1");
    assertThatThrownBy(() -> bed.varve.snapshots().revert(at("d@s1"), "s1"))
        .isInstanceOf(AlreadyExistsException.class);
  }

  @Test
  void removesALeafAndGivesItsFileBack() {
    bed.write("d", 0, 1, BLOCK);
    snapshot("s1");
    bed.write("d", 0, 2, BLOCK);
    snapshot("s2");
    revert("d@s1");
    DeleteOutcome outcome = delete("d@s2");
    assertThat(outcome.how()).isEqualTo(How.REMOVED);
    assertThat(outcome.freedBytes()).isGreaterThanOrEqualTo(BLOCK);
    assertThat(outcome.movedBytes()).isZero();
    assertThat(bed.layerFiles()).hasSize(2);
    assertThat(bed.read("d", 0)).isEqualTo(1);
  }

  @Test
  void mergesALayerThatOneNodeReads() throws IOException {
    bed.write("d", 0, 1, BLOCK);
    bed.write("d", MIB, 1, BLOCK);
    snapshot("s1");
    bed.write("d", 0, 2, BLOCK);
    snapshot("s2");
    bed.write("d", 2 * MIB, 3, BLOCK);
    DeleteOutcome outcome = delete("d@s1");
    assertThat(outcome.how()).isEqualTo(How.QUEUED);
    assertThat(bed.tree("d")).containsExactly("(retired)<-", "s2<(retired)", "*p/d<s2");
    JobView job = bed.varve.jobs().run(outcome.jobs().getFirst().toString());
    assertThat(job.state()).isEqualTo(JobState.DONE);
    assertThat(job.doneBytes()).isEqualTo(BLOCK).isEqualTo(job.totalBytes());
    assertThat(job.freedBytes()).isPositive();
    assertThat(job.subject()).isEqualTo("d@s1");
    assertThat(bed.read("d@s2", 0)).isEqualTo(2);
    assertThat(bed.read("d@s2", MIB)).isEqualTo(1);
    assertThat(bed.read("d", 2 * MIB)).isEqualTo(3);
    assertThat(bed.tree("d")).containsExactly("s2<-", "*p/d<s2");
    Path frozen = bed.varve.snapshots().show(at("d@s2")).file();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(frozen)))
        .isEqualTo("r--r--r--");
    assertThat(delete("d@s2").how()).isEqualTo(How.QUEUED);
    bed.runJobs();
    assertThat(bed.read("d", MIB)).isEqualTo(1);
    assertThat(bed.layerFiles()).hasSize(1);
  }

  @Test
  void retiresALayerThatTwoNodesReadAndCollectsItLater() {
    bed.write("d", 0, 1, BLOCK);
    snapshot("s1");
    bed.write("d", BLOCK, 2, BLOCK);
    snapshot("s2");
    revert("d@s1");
    DeleteOutcome outcome = delete("d@s1");
    assertThat(outcome.how()).isEqualTo(How.RETIRED);
    assertThat(bed.tree("d")).containsExactly("(retired)<-", "s2<(retired)", "*p/d<(retired)");
    assertThat(bed.read("d", 0)).isEqualTo(1);
    DeleteOutcome second = delete("d@s2");
    assertThat(second.how()).isEqualTo(How.REMOVED);
    assertThat(second.jobs()).hasSize(1);
    bed.runJobs();
    assertThat(bed.layerFiles()).hasSize(1);
    assertThat(bed.read("d", 0)).isEqualTo(1);
  }

  @Test
  void costsTheSameForAnyDiskSize() {
    bed.varve.disks().create(POOL, "huge", DiskSpec.of(1L << 40));
    SnapshotView taken = bed.varve.snapshots().create(at("huge"), "s", SnapshotKindChoice.STORAGE);
    assertThat(taken.size()).isEqualTo(1L << 40);
    DiskView disk = bed.varve.disks().show(at("huge"));
    assertThat(disk.space().dataBytes()).isZero();
    assertThat(disk.space().allocatedBytes()).isLessThan(MIB);
  }

  @Test
  void followsTheSizeOfTheSnapshot() {
    snapshot("small");
    bed.varve.disks().resize(at("d"), 8 * MIB, false);
    bed.write("d", 6 * MIB, 7, 512);
    snapshot("big");
    assertThat(revert("d@small").size()).isEqualTo(4 * MIB);
    assertThat(revert("d@big").size()).isEqualTo(8 * MIB);
    assertThat(bed.read("d", 6 * MIB)).isEqualTo(7);
  }

  @Test
  void refusesATakenName() {
    snapshot("s1");
    assertThatThrownBy(() -> snapshot("s1"))
        .isInstanceOf(AlreadyExistsException.class)
        .hasMessageContaining("p/d@s1");
    assertThatThrownBy(() -> snapshot("../x")).isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void refusesAComputeSnapshotWhereStorageSnapshotsAreThere() {
    assertThatThrownBy(() -> bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.COMPUTE))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("virtual storage");
  }

  @Test
  void saysBusyWhileSomeoneWritesTheDisk() {
    snapshot("s1");
    try (DiskSession session = bed.varve.data().open(at("d"), true)) {
      assertThat(session.writable()).isTrue();
      assertThatThrownBy(() -> snapshot("s2"))
          .isInstanceOf(BusyException.class)
          .extracting(e -> ((VarveException) e).code())
          .isEqualTo(ProblemCode.BUSY);
      assertThatThrownBy(() -> revert("d@s1")).isInstanceOf(BusyException.class);
      DeleteOutcome outcome = delete("d@s1");
      assertThat(outcome.how()).isEqualTo(How.QUEUED);
      JobView waiting = bed.runJobs().getFirst();
      assertThat(waiting.state()).isEqualTo(JobState.WAITING);
      assertThat(waiting.reason()).contains("in use");
    }
    assertThat(bed.varve.pools().collect(POOL).removed()).isEqualTo(1);
    assertThat(bed.varve.jobs().list(POOL, false)).isEmpty();
    assertThat(bed.layerFiles()).hasSize(1);
  }

  @Test
  void acceptsTheDeleteOfASnapshotThatSomeoneReads() {
    bed.write("d", 0, 1, BLOCK);
    snapshot("s1");
    revert("d@s1");
    snapshot("s2");
    revert("d@s1");
    try (DiskSession session = bed.varve.data().open(at("d@s2"), false)) {
      assertThat(session.size()).isEqualTo(4 * MIB);
      assertThat(delete("d@s2").how()).isEqualTo(How.RETIRED);
      assertThat(bed.varve.snapshots().list(at("d"))).hasSize(1);
    }
    assertThat(bed.varve.pools().collect(POOL).removed()).isEqualTo(1);
    assertThat(bed.layerFiles()).hasSize(2);
  }

  @Test
  void keepsOldDataHiddenBehindAShorterLayerThatIsMergedAway() {
    bed.write("d", 3 * MIB, 1, BLOCK);
    snapshot("long");
    bed.varve.disks().resize(at("d"), 2 * MIB, true);
    snapshot("short");
    bed.varve.disks().resize(at("d"), 4 * MIB, false);
    assertThat(bed.read("d", 3 * MIB)).isZero();
    snapshot("above");
    bed.write("d", 0, 2, 512);
    delete("d@short");
    assertThat(bed.runJobs()).allMatch(job -> job.state() == JobState.DONE).hasSize(1);
    assertThat(bed.read("d", 3 * MIB)).isZero();
    assertThat(bed.read("d@above", 3 * MIB)).isZero();
    assertThat(bed.read("d@long", 3 * MIB)).isEqualTo(1);
    delete("d@long");
    assertThat(bed.runJobs()).allMatch(job -> job.state() == JobState.DONE).hasSize(1);
    assertThat(bed.read("d", 3 * MIB)).isZero();
  }

  @Test
  void marksARetiredLayerAlsoWhileSomeoneReadsIt() {
    bed.write("d", 0, 1, BLOCK);
    snapshot("s1");
    bed.write("d", 0, 2, BLOCK);
    snapshot("s2");
    revert("d@s1");
    try (DiskSession session = bed.varve.data().open(at("d@s1"), false)) {
      assertThat(session.writable()).isFalse();
      assertThat(delete("d@s1").notes()).noneMatch(note -> note.contains("marked as retired"));
    }
    bed.varve.pools().rescan(POOL);
    assertThat(bed.varve.snapshots().list(at("d"))).hasSize(1);
    assertThat(bed.tree("d")).containsExactly("(retired)<-", "s2<(retired)", "*p/d<(retired)");
  }
}
