// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.JobState;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.PoolView;
import io.varve.engine.model.QuorumProfile;
import io.varve.engine.model.SnapshotKind;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.policy.Verb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PoolTest {
  @TempDir Path root;
  private TestBed bed;

  @BeforeEach
  void open() {
    bed = new TestBed(root).withPool();
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private ProblemCode code(Runnable verb) {
    try {
      verb.run();
    } catch (VarveException e) {
      return e.code();
    }
    throw new AssertionError("it was done");
  }

  @Test
  void showsWhatItsStoreCanDo() {
    PoolView pool = bed.varve.pools().show(POOL);
    assertThat(pool.kind()).isEqualTo(PoolKind.VIRTUAL);
    assertThat(pool.problem()).isNull();
    assertThat(pool.store()).isNotNull();
    assertThat(pool.store().totalBytes()).isPositive();
    assertThat(pool.verbs()).hasSize(Verb.values().length);
    assertThat(bed.varve.pools().list()).hasSize(1).allMatch(p -> p.store() == null);
  }

  @Test
  void countsWhatIsInIt() {
    bed.withDisk("d", MIB);
    bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
    PoolView pool = bed.varve.pools().show(POOL);
    assertThat(pool.disks()).isEqualTo(1);
    assertThat(pool.snapshots()).isEqualTo(1);
    assertThat(pool.layers()).isEqualTo(2);
    assertThat(pool.allocatedBytes()).isPositive();
  }

  @Test
  void letsTwoHostsTakeOnlyComputeSnapshotsUntilAWitnessJoins() {
    bed.withDisk("d", MIB);
    Pools pools = bed.varve.pools();
    pools.addHost(POOL, "one");
    PoolView two = pools.addHost(POOL, "two");
    assertThat(two.verbs().get(Verb.STORAGE_SNAPSHOT).allowed()).isFalse();
    assertThatThrownBy(() -> bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("quorum")
        .hasMessageContaining("--kind compute");
    assertThatThrownBy(() -> bed.varve.clones().fast(at("d"), "c"))
        .isInstanceOf(RefusedException.class);
    assertThat(bed.varve.snapshots().create(at("d"), "inner", SnapshotKindChoice.COMPUTE).kind())
        .isEqualTo(SnapshotKind.COMPUTE);
    pools.addWitness(POOL, "w");
    assertThatThrownBy(() -> bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO))
        .hasMessageContaining("compute snapshots");
    bed.varve.snapshots().delete(at("d@inner"));
    assertThat(bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO).kind())
        .isEqualTo(SnapshotKind.STORAGE);
    PoolView strict = pools.setProfile(POOL, QuorumProfile.STRICT);
    assertThat(strict.verbs().get(Verb.STORAGE_SNAPSHOT).allowed()).isFalse();
    assertThat(bed.varve.snapshots().revert(at("d@s"), null).parent()).isEqualTo("s");
    pools.removeHost(POOL, "two");
    assertThat(pools.show(POOL).verbs().get(Verb.FAST_CLONE).allowed()).isTrue();
  }

  @Test
  void doesNotLoseComputeSnapshotsOnARevertOfTheLayerBeneath() {
    bed.withDisk("d", MIB);
    bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
    bed.varve.pools().addHost(POOL, "one");
    bed.varve.pools().addHost(POOL, "two");
    bed.varve.snapshots().create(at("d"), "inner", SnapshotKindChoice.COMPUTE);
    assertThat(code(() -> bed.varve.snapshots().revert(at("d@s"), null)))
        .isEqualTo(ProblemCode.HAS_COMPUTE_SNAPSHOTS);
    assertThat(bed.tree("d")).containsExactly("s<-", "inner<s", "*p/d<inner");
    bed.varve.snapshots().delete(at("d@s"));
    assertThat(bed.runJobs()).allMatch(job -> job.state() == JobState.WAITING).hasSize(1);
    assertThat(bed.varve.pools().collect(POOL).notes().toString()).contains("compute snapshots");
    assertThat(bed.read("d@inner", 0)).isZero();
  }

  @Test
  void refusesWhatIsThereAlready() {
    assertThat(code(() -> bed.varve.pools().create(PoolSpec.virtual(POOL, root.resolve("q")))))
        .isEqualTo(ProblemCode.POOL_EXISTS);
    assertThat(code(() -> bed.varve.pools().create(PoolSpec.virtual("q", bed.folder))))
        .isEqualTo(ProblemCode.POOL_EXISTS);
    assertThat(code(() -> bed.varve.pools().create(PoolSpec.virtual("../q", root))))
        .isEqualTo(ProblemCode.INVALID_NAME);
    assertThat(code(() -> bed.varve.pools().create(PoolSpec.external("x", root.resolve("no")))))
        .isEqualTo(ProblemCode.FILE_NOT_FOUND);
    assertThat(code(() -> bed.varve.pools().show("nope"))).isEqualTo(ProblemCode.POOL_NOT_FOUND);
    assertThat(code(() -> bed.varve.pools().removeHost(POOL, "nobody")))
        .isEqualTo(ProblemCode.INVALID_REQUEST);
  }

  @Test
  void saysThatItsFolderIsGone() throws IOException {
    bed.withDisk("d", MIB);
    Files.move(bed.folder, root.resolve("moved"));
    assertThat(bed.varve.pools().show(POOL).problem()).contains("does not exist");
    assertThat(code(() -> bed.read("d", 0))).isEqualTo(ProblemCode.POOL_GONE);
    bed.varve.pools().rescan(root.resolve("moved"));
    assertThat(bed.read("d", 0)).isZero();
    assertThat(bed.varve.pools().show(POOL).path()).isEqualTo(root.resolve("moved"));
  }

  @Test
  void saysThatAnotherPoolIsInItsPlace() throws IOException {
    Files.move(bed.folder, root.resolve("moved"));
    bed.varve.pools().create(PoolSpec.virtual("other", root.resolve("elsewhere")));
    Files.move(root.resolve("elsewhere"), bed.folder);
    assertThat(bed.varve.pools().show(POOL).problem()).contains("another pool, 'other'");
  }

  @Test
  void forgetsWithoutTouchingFiles() {
    bed.withDisk("d", MIB);
    bed.write("d", 0, 1, 512);
    assertThat(code(() -> bed.varve.pools().forget(POOL, false)))
        .isEqualTo(ProblemCode.POOL_NOT_EMPTY);
    bed.varve.pools().forget(POOL, true);
    assertThat(bed.varve.pools().list()).isEmpty();
    bed.varve.pools().rescan(bed.folder);
    assertThat(bed.read("d", 0)).isEqualTo(1);
  }
}
