// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.PoolSpace;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SpaceAccount;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpaceTest {
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

  private void snapshot(String name) {
    bed.varve.snapshots().create(at("d"), name, SnapshotKindChoice.AUTO);
  }

  private SpaceAccount of(String node) {
    return bed.varve.space().show(at(node));
  }

  @Test
  void countsWhatIsHiddenForTheSnapshotAlone() {
    bed.write("d", 0, 1, 3 * BLOCK);
    snapshot("s");
    bed.write("d", 0, 2, BLOCK);
    SpaceAccount s = of("d@s");
    assertThat(s.referencedBytes()).isEqualTo(3 * BLOCK);
    assertThat(s.exclusiveBytes()).isEqualTo(BLOCK);
    assertThat(s.sharedBytes()).isEqualTo(2 * BLOCK);
    assertThat(s.sharedWith()).containsExactly("p/d");
    SpaceAccount d = of("d");
    assertThat(d.referencedBytes()).isEqualTo(3 * BLOCK);
    assertThat(d.exclusiveBytes()).isEqualTo(BLOCK);
    assertThat(d.sharedWith()).containsExactly("p/d@s");
  }

  @Test
  void namesOnlyThoseThatReadTheSameData() {
    bed.write("d", 0, 1, BLOCK);
    snapshot("a");
    bed.write("d", 0, 2, BLOCK);
    snapshot("b");
    bed.varve.clones().fast(at("d@b"), "c");
    assertThat(of("d@a").sharedWith()).isEmpty();
    assertThat(of("d@b").sharedWith()).containsExactly("p/c", "p/d");
    assertThat(of("c").exclusiveBytes()).isZero();
  }

  @Test
  void zerosHideWhatLiesBeneath() {
    bed.write("d", 0, 1, 2 * BLOCK);
    snapshot("s");
    bed.varve.data().zero(at("d"), 0, BLOCK);
    assertThat(of("d").referencedBytes()).isEqualTo(BLOCK);
    assertThat(of("d@s").exclusiveBytes()).isEqualTo(BLOCK);
  }

  @Test
  void aSmallerDiskDoesNotReadWhatLiesBehindItsEnd() {
    bed.write("d", 3 * MIB, 1, BLOCK);
    snapshot("s");
    bed.varve.disks().resize(at("d"), MIB, true);
    bed.varve.disks().resize(at("d"), 4 * MIB, true);
    assertThat(of("d").referencedBytes()).isZero();
    assertThat(of("d@s").exclusiveBytes()).isEqualTo(BLOCK);
  }

  @Test
  void aComputeSnapshotKeepsTheBaseInUse() throws IOException {
    bed.write("d", 0, 1, 2 * BLOCK);
    snapshot("s");
    bed.write("d", 2 * BLOCK, 3, BLOCK);
    Path file = bed.varve.disks().show(at("d")).file();
    try (Qcow2Layer layer =
        Qcow2Layer.open(
            FileStorage.open(file, FileAccess.READ_WRITE, LockMode.WRITER),
            Qcow2Options.readWrite())) {
      layer.snapshots().create("inside", Instant.ofEpochSecond(1));
    }
    bed.write("d", 0, 2, BLOCK);
    bed.write("d", 2 * BLOCK, 4, BLOCK);
    SpaceAccount inside = of("d@inside");
    assertThat(inside.referencedBytes()).isEqualTo(3 * BLOCK);
    assertThat(inside.exclusiveBytes()).isEqualTo(BLOCK);
    assertThat(inside.sharedWith()).containsExactly("p/d", "p/d@s");
    assertThat(of("d@s").exclusiveBytes()).isZero();
  }

  @Test
  void aDeleteGivesBackWhatTheAccountSays() {
    bed.write("d", 0, 1, 3 * BLOCK);
    snapshot("a");
    bed.write("d", 0, 2, BLOCK);
    snapshot("b");
    bed.varve.snapshots().revert(at("d@a"), null);
    long says = of("d@b").freedIfDeleted();
    assertThat(says).isPositive();
    assertThat(bed.varve.snapshots().delete(at("d@b")).freedBytes()).isEqualTo(says);
    snapshot("c");
    long merged = of("d@a").freedIfDeleted();
    long before = bed.varve.space().pool(POOL).allocatedBytes();
    bed.varve.snapshots().delete(at("d@a"));
    bed.varve.jobs().runAll(POOL);
    assertThat(before - bed.varve.space().pool(POOL).allocatedBytes()).isEqualTo(merged);
    long disk = of("d").freedIfDeleted();
    assertThat(bed.varve.disks().delete(at("d"), true).freedBytes()).isEqualTo(disk);
  }

  @Test
  void aPoolCountsEachLayerOnce() {
    bed.write("d", 0, 1, 2 * BLOCK);
    snapshot("s");
    bed.varve.clones().fast(at("d@s"), List.of("c1", "c2"));
    bed.write("c1", 0, 2, BLOCK);
    PoolSpace pool = bed.varve.space().pool(POOL);
    assertThat(pool.virtualBytes()).isEqualTo(3 * 4 * MIB);
    assertThat(pool.dataBytes()).isEqualTo(3 * BLOCK);
    assertThat(pool.sharedBytes()).isEqualTo(2 * BLOCK);
    assertThat(pool.deadBytes()).isZero();
    assertThat(pool.nodes())
        .extracting(SpaceAccount::address)
        .containsExactly("p/c1", "p/c2", "p/d", "p/d@s");
    assertThat(pool.allocatedBytes())
        .isEqualTo(bed.varve.pools().list().getFirst().allocatedBytes());
  }

  @Test
  void seesAFrozenLayerThatWasReplaced() throws IOException {
    bed.write("d", 0, 1, 2 * BLOCK);
    snapshot("s");
    assertThat(of("d@s").referencedBytes()).isEqualTo(2 * BLOCK);
    Path file = bed.varve.snapshots().show(at("d@s")).file();
    Files.delete(file);
    assertThat(bed.varve.space().family(at("d"))).isEmpty();
    assertThat(bed.varve.space().pool(POOL).unread()).isEqualTo(1);
    assertThatThrownBy(() -> of("d@s")).isInstanceOf(NotFoundException.class);
  }
}
