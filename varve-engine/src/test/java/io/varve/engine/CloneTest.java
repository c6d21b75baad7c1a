// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeleteOutcome.How;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotView;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CloneTest {
  @TempDir Path root;
  private TestBed bed;

  @BeforeEach
  void open() {
    bed = new TestBed(root).withPool().withDisk("d", 4 * MIB);
    bed.write("d", 0, 1, BLOCK);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private void snapshot(String name) {
    bed.varve.snapshots().create(at("d"), name, SnapshotKindChoice.AUTO);
  }

  @Test
  void snapshotsADiskForItsFastClone() {
    CloneOutcome outcome = bed.varve.clones().fast(at("d"), "c");
    assertThat(outcome.snapshotTaken()).isTrue();
    assertThat(outcome.snapshot()).startsWith("p/d@clone-c-");
    assertThat(outcome.disk().clonedFrom()).isEqualTo(outcome.snapshot().substring(2));
    assertThat(outcome.disk().changedSince()).isFalse();
    bed.write("c", 0, 2, BLOCK);
    bed.write("d", 0, 3, BLOCK);
    assertThat(bed.read("c", 0)).isEqualTo(2);
    assertThat(bed.read("d", 0)).isEqualTo(3);
    SnapshotView automatic = bed.varve.snapshots().list(at("d")).getFirst();
    assertThat(automatic.automatic()).isTrue();
    assertThat(automatic.clones()).containsExactly("p/c");
    assertThat(automatic.children()).isEqualTo(2);
  }

  @Test
  void clonesASnapshotManyTimesInOneGo() {
    snapshot("s1");
    bed.write("d", 0, 9, BLOCK);
    List<String> names = IntStream.range(0, 100).mapToObj(i -> "c" + i).toList();
    List<CloneOutcome> made = bed.varve.clones().fast(at("d@s1"), names);
    assertThat(made).hasSize(100).allMatch(c -> !c.snapshotTaken());
    assertThat(bed.read("c0", 0)).isEqualTo(1);
    assertThat(bed.read("c99", 0)).isEqualTo(1);
    assertThat(bed.varve.disks().list(POOL)).hasSize(101);
    assertThat(bed.layerFiles()).hasSize(102);
  }

  @Test
  void makesThousandsOfClonesOfOneSnapshot() {
    snapshot("s1");
    List<String> names = IntStream.range(0, 2000).mapToObj(i -> "c" + i).toList();
    List<CloneOutcome> made = bed.varve.clones().fast(at("d@s1"), names);
    assertThat(made).extracting(c -> c.disk().name()).containsExactlyElementsOf(names);
    for (int i = 0; i < 2000; i += 333) {
      // What is told of a new clone is what anyone finds.
      assertThat(made.get(i).disk()).isEqualTo(bed.varve.disks().show(at("c" + i)));
      bed.write("c" + i, BLOCK, 7, BLOCK);
      assertThat(bed.read("c" + i, 0)).isEqualTo(1);
    }
    assertThat(bed.read("c1", BLOCK)).isZero();
    assertThatThrownBy(() -> bed.varve.clones().fast(at("d@s1"), names))
        .isInstanceOf(AlreadyExistsException.class);
  }

  @Test
  void spendsFewBlocksOnAClone() {
    snapshot("s1");
    CloneOutcome made = bed.varve.clones().fast(at("d@s1"), "c");
    assertThat(made.disk().space().allocatedBytes()).isLessThanOrEqualTo(16 * 1024);
  }

  /// The program dies before the given step of making forty clones.
  @ParameterizedTest
  @CsvSource({"overlay, 20, 0", "publish, 1, 0", "commit, 1, 40"})
  void finishesOrUndoesManyClonesAfterACrash(String step, int time, int left) {
    snapshot("s1");
    int files = bed.layerFiles().size();
    AtomicInteger seen = new AtomicInteger();
    Varve dying =
        bed.again((_, at) -> {
          if (at.equals(step) && seen.incrementAndGet() == time) {
            throw new Died();
          }
        });
    List<String> names = IntStream.range(0, 40).mapToObj(i -> "c" + i).toList();
    assertThatThrownBy(() -> dying.clones().fast(at("d@s1"), names)).isInstanceOf(Died.class);
    assertThat(bed.read("d", 0)).isEqualTo(1);
    assertThat(bed.varve.disks().list(POOL)).hasSize(1 + left);
    assertThat(bed.layerFiles()).hasSize(files + left);
    if (left > 0) {
      assertThat(bed.read("c39", 0)).isEqualTo(1);
    }
    assertThat(bed.varve.pools().rescan(POOL).findings()).isEmpty();
  }

  private static final class Died extends Error {
    private static final long serialVersionUID = 1;
  }

  @Test
  void makesAllClonesOrNone() {
    snapshot("s1");
    bed.withDisk("taken", MIB);
    int files = bed.layerFiles().size();
    assertThatThrownBy(() -> bed.varve.clones().fast(at("d@s1"), List.of("a", "taken")))
        .isInstanceOf(AlreadyExistsException.class);
    assertThatThrownBy(() -> bed.varve.clones().fast(at("d@s1"), List.of("a", "a")))
        .isInstanceOf(AlreadyExistsException.class);
    assertThat(bed.layerFiles()).hasSize(files);
  }

  @Test
  void letsTheSourceGoWhileClonesLiveOn() {
    snapshot("s1");
    bed.varve.clones().fast(at("d@s1"), "c");
    bed.write("d", BLOCK, 2, BLOCK);
    DeleteOutcome outcome = bed.varve.disks().delete(at("d"), true);
    assertThat(outcome.how()).isEqualTo(How.RETIRED);
    assertThat(bed.read("c", 0)).isEqualTo(1);
    assertThat(bed.tree("c")).containsExactly("(retired)<-", "*p/c<(retired)");
    assertThat(bed.varve.disks().show(at("c")).clonedFrom()).isNull();
    assertThat(bed.layerFiles()).hasSize(2);
    assertThat(bed.varve.pools().collect(POOL).removed()).isEqualTo(1);
    assertThat(bed.layerFiles()).hasSize(1);
    assertThat(bed.read("c", 0)).isEqualTo(1);
  }

  @Test
  void givesTheSharedLayerBackWithTheLastClone() {
    snapshot("s1");
    bed.varve.clones().fast(at("d@s1"), List.of("a", "b"));
    bed.varve.disks().delete(at("d"), true);
    bed.varve.disks().delete(at("a"), false);
    assertThat(bed.read("b", 0)).isEqualTo(1);
    bed.varve.disks().delete(at("b"), false);
    assertThat(bed.layerFiles()).isEmpty();
  }

  @Test
  void retiresASnapshotThatACloneAndTheDiskRead() {
    snapshot("s1");
    bed.varve.clones().fast(at("d@s1"), "c");
    assertThat(bed.varve.snapshots().delete(at("d@s1")).how()).isEqualTo(How.RETIRED);
    assertThat(bed.read("c", 0)).isEqualTo(1);
    DeleteOutcome gone = bed.varve.disks().delete(at("c"), false);
    assertThat(gone.how()).isEqualTo(How.REMOVED);
    assertThat(gone.jobs()).hasSize(1);
    bed.runJobs();
    assertThat(bed.layerFiles()).hasSize(1);
    assertThat(bed.read("d", 0)).isEqualTo(1);
  }

  @Test
  void makesAFullCloneThatStandsAlone() {
    snapshot("s1");
    bed.write("d", MIB, 2, BLOCK);
    CloneOutcome now = bed.varve.clones().full(at("d"), "now", null);
    CloneOutcome then = bed.varve.clones().full(at("d@s1"), "then", null);
    assertThat(now.disk().depth()).isEqualTo(1);
    assertThat(now.copiedBytes() + now.sharedBytes()).isEqualTo(2 * BLOCK);
    assertThat(then.copiedBytes() + then.sharedBytes()).isEqualTo(BLOCK);
    bed.varve.disks().delete(at("d"), true);
    assertThat(bed.read("now", 0)).isEqualTo(1);
    assertThat(bed.read("now", MIB)).isEqualTo(2);
    assertThat(bed.read("then", MIB)).isZero();
    assertThat(bed.layerFiles()).hasSize(2);
  }

  @Test
  void makesAFullCloneInAnotherPool() {
    bed.varve.pools().create(PoolSpec.virtual("q", root.resolve("other")));
    bed.varve.clones().full(at("p/d"), "d", "q");
    assertThat(bed.read("q/d", 0)).isEqualTo(1);
    assertThatThrownBy(() -> bed.read("d", 0))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("2 pools");
  }

  @Test
  void clonesAClone() {
    bed.varve.clones().fast(at("d"), "a");
    bed.write("a", BLOCK, 2, BLOCK);
    bed.varve.clones().fast(at("a"), "b");
    bed.write("b", 2 * BLOCK, 3, BLOCK);
    assertThat(bed.varve.disks().show(at("b")).depth()).isEqualTo(3);
    assertThat(bed.read("b", 0)).isEqualTo(1);
    assertThat(bed.read("b", BLOCK)).isEqualTo(2);
    bed.varve.disks().delete(at("a"), true);
    assertThat(bed.read("b", BLOCK)).isEqualTo(2);
  }
}
