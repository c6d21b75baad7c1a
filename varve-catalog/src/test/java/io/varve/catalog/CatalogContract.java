// SPDX-License-Identifier: Apache-2.0
package io.varve.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.catalog.Catalog;
import io.varve.engine.catalog.CatalogConflictException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.HoldRow;
import io.varve.engine.catalog.IntentRow;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.MemberRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.DiskIo;
import io.varve.engine.model.GuestIo;
import io.varve.engine.model.HostIo;
import io.varve.engine.model.JobState;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.QuorumProfile;
import io.varve.engine.model.SnapshotKind;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every catalog keeps; each implementation runs it.
abstract class CatalogContract {
  private static final UUID POOL = new UUID(1, 1);
  private static final UUID FAMILY = new UUID(2, 1);
  private static final UUID DISK = new UUID(3, 1);
  private static final UUID ROOT = new UUID(4, 1);
  private static final UUID TOP = new UUID(4, 2);

  private Catalog catalog;

  abstract Catalog openCatalog();

  @BeforeEach
  void open() {
    catalog = openCatalog();
  }

  @AfterEach
  void close() {
    catalog.close();
  }

  private void tx(Consumer<CatalogTx> work) {
    catalog.inTransaction(tx -> {
      work.accept(tx);
      return true;
    });
  }

  private static PoolRow pool() {
    return new PoolRow(POOL, "p", "/pool", PoolKind.VIRTUAL, QuorumProfile.QUORUM, 0);
  }

  private static DiskRow disk() {
    return new DiskRow(DISK, POOL, FAMILY, "d", 1L << 40, TOP, null, 5, 0);
  }

  private static LayerRow root() {
    return new LayerRow(ROOT, POOL, FAMILY, DISK, null, NodeRole.SNAPSHOT, "root.qcow2", 1, 2, 0);
  }

  private static LayerRow top() {
    return new LayerRow(TOP, POOL, FAMILY, DISK, ROOT, NodeRole.ACTIVE, "top.qcow2", 2, 0, 0);
  }

  private static SnapshotRow snapshot() {
    return new SnapshotRow(
        new UUID(5, 1), DISK, "s", SnapshotKind.STORAGE, ROOT, null, true, null, true, 2);
  }

  private void fill() {
    tx(tx -> {
      tx.insert(pool());
      tx.insert(disk());
      tx.insert(root());
      tx.insert(top());
      tx.insert(snapshot());
    });
  }

  @Test
  void givesBackWhatWasInserted() {
    fill();
    tx(tx -> {
      assertThat(tx.pools()).extracting(PoolRow::id).containsExactly(POOL);
      assertThat(tx.pool("p").orElseThrow().path()).isEqualTo("/pool");
      assertThat(tx.pool(new UUID(9, 9))).isEmpty();
      DiskRow read = tx.disk(POOL, "d").orElseThrow();
      assertThat(read).isEqualTo(tx.disk(DISK).orElseThrow());
      assertThat(read.size()).isEqualTo(1L << 40);
      assertThat(read.computeParent()).isNull();
      assertThat(tx.disksNamed("d")).containsExactly(read);
      assertThat(tx.disksOfPool(POOL)).containsExactly(read);
      assertThat(tx.disksOfFamily(FAMILY)).containsExactly(read);
      assertThat(tx.disks()).containsExactly(read);
      assertThat(tx.layer(TOP).orElseThrow().parent()).isEqualTo(ROOT);
      assertThat(tx.layer(ROOT).orElseThrow().frozenMillis()).isEqualTo(2);
      assertThat(tx.children(ROOT)).extracting(LayerRow::id).containsExactly(TOP);
      assertThat(tx.layersOfFamily(FAMILY)).extracting(LayerRow::id).containsExactly(ROOT, TOP);
      assertThat(tx.layersOfPool(POOL)).hasSize(2);
      assertThat(tx.snapshots(DISK)).containsExactly(snapshot());
      assertThat(tx.snapshotsOfFamily(FAMILY)).containsExactly(snapshot());
      assertThat(tx.snapshot(DISK, "s")).contains(snapshot());
      assertThat(tx.snapshotOfLayer(ROOT)).contains(snapshot());
      assertThat(tx.countSnapshots(POOL)).isEqualTo(1);
    });
  }

  @Test
  void rollsBackWhenTheWorkThrows() {
    assertThatThrownBy(() ->
            tx(tx -> {
              tx.insert(pool());
              throw new IllegalStateException("stop");
            }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("stop");
    tx(tx -> assertThat(tx.pools()).isEmpty());
  }

  @Test
  void refusesAnUpdateOfARowThatChangedInBetween() {
    fill();
    DiskRow read = catalog.inTransaction(tx -> tx.disk(DISK).orElseThrow());
    tx(tx -> tx.update(read.withSize(512)));
    assertThatThrownBy(() -> tx(tx -> tx.update(read.withSize(1024))))
        .isInstanceOf(CatalogConflictException.class);
    LayerRow layer = catalog.inTransaction(tx -> tx.layer(TOP).orElseThrow());
    tx(tx -> tx.update(layer.withRole(NodeRole.SNAPSHOT, 9)));
    assertThatThrownBy(() -> tx(tx -> tx.update(layer.withParent(null))))
        .isInstanceOf(CatalogConflictException.class);
    PoolRow poolRow = catalog.inTransaction(tx -> tx.pool(POOL).orElseThrow());
    tx(tx -> tx.update(poolRow.withProfile(QuorumProfile.STRICT)));
    assertThatThrownBy(() -> tx(tx -> tx.update(poolRow.withPath("/x"))))
        .isInstanceOf(CatalogConflictException.class);
    tx(tx -> {
      assertThat(tx.disk(DISK).orElseThrow().size()).isEqualTo(512);
      assertThat(tx.layer(TOP).orElseThrow().role()).isEqualTo(NodeRole.SNAPSHOT);
      assertThat(tx.pool("p").orElseThrow().profile()).isEqualTo(QuorumProfile.STRICT);
    });
  }

  @Test
  void refusesTakenNames() {
    fill();
    UUID other = new UUID(7, 7);
    assertThatThrownBy(() ->
            tx(tx ->
                tx.insert(
                    new PoolRow(other, "p", "/q", PoolKind.EXTERNAL, QuorumProfile.STRICT, 0))))
        .isInstanceOf(CatalogConflictException.class);
    assertThatThrownBy(
            () -> tx(tx -> tx.insert(new DiskRow(other, POOL, other, "d", 512, other, null, 1, 0))))
        .isInstanceOf(CatalogConflictException.class);
    assertThatThrownBy(() ->
            tx(tx ->
                tx.insert(
                    new SnapshotRow(
                        other, DISK, "s", SnapshotKind.STORAGE, TOP, null, false, null, true, 3))))
        .isInstanceOf(CatalogConflictException.class);
  }

  @Test
  void insertsManyAtOnceOrNone() {
    fill();
    List<DiskRow> disks = new ArrayList<>();
    List<LayerRow> layers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      UUID id = new UUID(70, i);
      disks.add(new DiskRow(id, POOL, FAMILY, "c" + i, 512, id, null, 9, 0));
      layers.add(
          new LayerRow(id, POOL, FAMILY, id, ROOT, NodeRole.ACTIVE, "c" + i + ".qcow2", 9, 0, 0));
    }
    tx(tx -> {
      tx.insertDisks(disks);
      tx.insertLayers(layers);
      tx.insertLayers(List.of());
    });
    tx(tx -> {
      assertThat(tx.disksOfPool(POOL)).hasSize(101);
      assertThat(tx.disk(POOL, "c99")).map(DiskRow::activeLayer).contains(new UUID(70, 99));
      assertThat(tx.layer(new UUID(70, 7))).map(LayerRow::parent).contains(ROOT);
    });
    UUID other = new UUID(71, 1);
    DiskRow free = new DiskRow(other, POOL, FAMILY, "free", 512, other, null, 9, 0);
    assertThatThrownBy(() -> tx(tx -> tx.insertDisks(List.of(free, disks.getFirst()))))
        .isInstanceOf(CatalogConflictException.class);
    tx(tx -> assertThat(tx.disk(POOL, "free")).isEmpty());
  }

  @Test
  void letsComputeSnapshotsShareAName() {
    fill();
    tx(tx -> {
      for (int i = 1; i <= 2; i++) {
        tx.insert(
            new SnapshotRow(
                new UUID(6, i),
                DISK,
                "twice",
                SnapshotKind.COMPUTE,
                TOP,
                Integer.toString(i),
                false,
                i == 2 ? "1" : null,
                i == 2,
                10 + i));
      }
    });
    tx(tx -> {
      assertThat(tx.snapshots(DISK)).extracting(SnapshotRow::name).contains("twice", "twice");
      assertThat(tx.snapshots(DISK).get(2).computeParent()).isEqualTo("1");
      assertThat(tx.snapshotOfLayer(TOP)).isEmpty();
    });
  }

  @Test
  void keepsMembersOnce() {
    fill();
    MemberRow host = new MemberRow(POOL, "b", MemberRow.Role.HOST);
    MemberRow witness = new MemberRow(POOL, "a", MemberRow.Role.WITNESS);
    tx(tx -> {
      tx.addMember(witness);
      tx.addMember(host);
      tx.addMember(host);
    });
    tx(tx -> {
      assertThat(tx.members(POOL)).containsExactly(host, witness);
      assertThat(tx.removeMember(host)).isTrue();
      assertThat(tx.removeMember(host)).isFalse();
    });
  }

  @Test
  void journalsIntentsOldestFirst() {
    fill();
    IntentRow later = new IntentRow(new UUID(8, 1), POOL, FAMILY, "b", "x=1\ny=2", 9);
    IntentRow earlier = new IntentRow(new UUID(8, 2), POOL, FAMILY, "a", "", 3);
    IntentRow foreign = new IntentRow(new UUID(8, 3), POOL, ROOT, "c", "", 1);
    tx(tx -> {
      tx.insert(later);
      tx.insert(earlier);
      tx.insert(foreign);
    });
    tx(tx -> {
      assertThat(tx.intents(POOL, FAMILY)).containsExactly(earlier, later);
      assertThat(tx.intents(POOL)).containsExactly(foreign, earlier, later);
      tx.deleteIntent(earlier.id());
      assertThat(tx.intents(POOL, FAMILY)).containsExactly(later);
    });
  }

  @Test
  void addsCountersUp() {
    fill();
    DiskIo io =
        new DiskIo(new GuestIo(1, 2, 3, 4, 5, 6), new HostIo(7, 8, 9, 10, 11, 12, 1L << 50));
    tx(tx -> assertThat(tx.diskIo(DISK)).isEqualTo(DiskIo.NONE));
    tx(tx -> tx.addDiskIo(DISK, io));
    tx(tx -> tx.addDiskIo(DISK, io));
    tx(tx -> assertThat(tx.diskIo(DISK)).isEqualTo(io.plus(io)));
    tx(tx -> tx.addDiskIo(new UUID(9, 9), io));
    tx(tx -> tx.resetDiskIo(DISK));
    tx(tx -> assertThat(tx.diskIo(DISK)).isEqualTo(DiskIo.NONE));
  }

  @Test
  void keepsAHoldAsLongAsItsSnapshot() {
    fill();
    HoldRow hold = new HoldRow(snapshot().id(), "ann", "audit", 7);
    tx(tx -> {
      assertThat(tx.hold(hold.snapshot())).isEmpty();
      tx.insert(hold);
    });
    tx(tx -> assertThat(tx.hold(hold.snapshot())).contains(hold));
    assertThatThrownBy(() -> tx(tx -> tx.insert(hold)))
        .isInstanceOf(CatalogConflictException.class);
    tx(tx -> tx.deleteHold(hold.snapshot()));
    tx(tx -> assertThat(tx.hold(hold.snapshot())).isEmpty());
    tx(tx -> tx.insert(hold));
    tx(tx -> tx.deleteSnapshot(hold.snapshot()));
    tx(tx -> {
      tx.insert(snapshot());
      assertThat(tx.hold(hold.snapshot())).isEmpty();
    });
  }

  @Test
  void dropsTheNamesWithTheDiskAndKeepsItsLayers() {
    fill();
    tx(tx -> tx.deleteDisk(DISK));
    tx(tx -> {
      assertThat(tx.disk(DISK)).isEmpty();
      assertThat(tx.snapshots(DISK)).isEmpty();
      assertThat(tx.layersOfFamily(FAMILY)).hasSize(2);
      tx.deleteLayer(TOP);
      assertThat(tx.children(ROOT)).isEmpty();
    });
  }

  @Test
  void dropsEverythingWithThePool() {
    fill();
    tx(tx -> tx.insert(new IntentRow(new UUID(8, 1), POOL, FAMILY, "v", "", 1)));
    tx(tx -> tx.deletePool(POOL));
    tx(tx -> {
      assertThat(tx.pools()).isEmpty();
      assertThat(tx.disks()).isEmpty();
      assertThat(tx.layersOfPool(POOL)).isEmpty();
      assertThat(tx.intents(POOL)).isEmpty();
      assertThat(tx.countSnapshots(POOL)).isZero();
    });
  }

  private static JobRow job(int id, UUID family, long created) {
    return JobRow.queued(new UUID(7, id), POOL, family, "merge", "d@s", "layer=x\n", created);
  }

  @Test
  void keepsJobsInOrderOfTheirMaking() {
    fill();
    UUID other = new UUID(2, 2);
    tx(tx -> {
      tx.insert(job(1, FAMILY, 20));
      tx.insert(job(2, other, 10));
      tx.insert(job(3, FAMILY, 10));
    });
    tx(tx -> {
      assertThat(tx.jobs())
          .extracting(JobRow::id)
          .containsExactly(new UUID(7, 2), new UUID(7, 3), new UUID(7, 1));
      assertThat(tx.jobsOfFamily(POOL, FAMILY))
          .extracting(JobRow::id)
          .containsExactly(new UUID(7, 3), new UUID(7, 1));
      assertThat(tx.jobsOfFamily(new UUID(1, 2), FAMILY)).isEmpty();
      assertThat(tx.job(new UUID(7, 1))).contains(job(1, FAMILY, 20).withVersion(1));
      assertThat(tx.job(new UUID(7, 9))).isEmpty();
    });
  }

  @Test
  void keepsEveryFieldOfAJob() {
    fill();
    tx(tx -> tx.insert(job(1, FAMILY, 20)));
    JobRow changed =
        job(1, FAMILY, 20)
            .withVersion(1)
            .withState(JobState.WAITING, "in use")
            .withProgress(1L << 40, 1L << 39)
            .withFreed(1L << 38)
            .withTimes(30, 40)
            .withTerms(1L << 20, "22:00-06:00");
    tx(tx -> tx.update(changed));
    tx(tx -> assertThat(tx.job(changed.id())).contains(changed.withVersion(2)));
  }

  @Test
  void refusesAnUpdateOfAJobThatChangedInBetween() {
    fill();
    tx(tx -> tx.insert(job(1, FAMILY, 20)));
    JobRow read = job(1, FAMILY, 20).withVersion(1);
    tx(tx -> tx.update(read.withState(JobState.PAUSED, null)));
    assertThatThrownBy(() -> tx(tx -> tx.update(read.withProgress(2, 1))))
        .isInstanceOf(CatalogConflictException.class);
    assertThatThrownBy(() -> tx(tx -> tx.insert(job(1, FAMILY, 20))))
        .isInstanceOf(CatalogConflictException.class);
    tx(tx -> assertThat(tx.job(read.id()).orElseThrow().state()).isEqualTo(JobState.PAUSED));
  }

  @Test
  void jobsGoOneByOneOrWithTheirPool() {
    fill();
    tx(tx -> {
      tx.insert(job(1, FAMILY, 20));
      tx.insert(job(2, FAMILY, 21));
      tx.deleteJob(new UUID(7, 1));
    });
    tx(tx -> {
      assertThat(tx.jobs()).hasSize(1);
      tx.deletePool(POOL);
    });
    tx(tx -> assertThat(tx.jobs()).isEmpty());
  }
}
