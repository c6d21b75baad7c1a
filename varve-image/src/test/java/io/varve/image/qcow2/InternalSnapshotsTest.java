// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import static io.varve.image.qcow2.TestImages.check;
import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.image;
import static io.varve.image.qcow2.TestImages.open;
import static io.varve.image.qcow2.TestImages.pattern;
import static io.varve.image.qcow2.TestImages.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.InternalSnapshot.Lineage;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.time.Instant;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class InternalSnapshotsTest {
  private static final int CLUSTER = 64 << 10;
  private static final Instant NOON = Instant.parse("2026-01-02T12:00:00.000000005Z");

  private final MemoryStorage storage = image(Qcow2CreateOptions.ofSize(4 << 20));

  InternalSnapshotsTest() throws IOException {}

  @Test
  void revertsToTheStateAtItsMomentAndKeepsTheOthers() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      fill(layer, 0, 3 * CLUSTER, 1);
      layer.snapshots().create("one", NOON);
      fill(layer, CLUSTER, CLUSTER, 2);
      layer.snapshots().create("two", NOON);
      fill(layer, 0, 3 * CLUSTER, 3);

      layer.snapshots().apply("one");
      assertThat(read(layer, 0, 3 * CLUSTER)).isEqualTo(pattern(3 * CLUSTER, 1));
      layer.snapshots().apply("two");
      assertThat(read(layer, CLUSTER, CLUSTER)).isEqualTo(pattern(CLUSTER, 2));
      assertThat(layer.snapshots().list())
          .extracting(InternalSnapshot::name)
          .containsExactly("one", "two");
      assertThat(layer.snapshots().list().getFirst().takenAt()).isEqualTo(NOON);
    }
  }

  @Test
  void aViewReadsTheSnapshotWhileTheDiskMovesOn() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      fill(layer, 0, CLUSTER, 1);
      layer.snapshots().create("one", NOON);
      fill(layer, 0, CLUSTER, 2);

      assertThat(read(layer.snapshots().view("one"), 0, CLUSTER)).isEqualTo(pattern(CLUSTER, 1));
      assertThat(read(layer, 0, CLUSTER)).isEqualTo(pattern(CLUSTER, 2));
    }
  }

  @Test
  void deletingFreesWhatOnlyTheSnapshotHeldAndItIsReused() throws IOException {
    long sizeBefore;
    try (Qcow2Layer layer = open(storage)) {
      fill(layer, 0, 8 * CLUSTER, 1);
      layer.snapshots().create("one", NOON);
      fill(layer, 0, 8 * CLUSTER, 2);
      assertThat(layer.snapshots().usage("one").exclusiveBytes()).isEqualTo(8L * CLUSTER);

      FreedSpace freed = layer.snapshots().delete("one");
      // Eight data clusters, the snapshot's own L2 and L1 tables, and the snapshot table.
      assertThat(freed.freedBytes()).isEqualTo(11L * CLUSTER);
      assertThat(freed.punchedBytes()).isEqualTo(11L * CLUSTER);
      sizeBefore = storage.size();
      fill(layer, 1 << 20, 8 * CLUSTER, 3);
      layer.flush();
      assertThat(storage.size()).isEqualTo(sizeBefore);
    }
    assertThat(check(storage).corruptions()).isZero();
    assertThat(check(storage).leaks()).isZero();
  }

  @Test
  void withoutPunchingTheSpaceWaitsInTheFileAndIsReused() throws IOException {
    try (Qcow2Layer layer =
        Qcow2Layer.open(storage, Qcow2Options.readWrite().withPunchFreed(false))) {
      fill(layer, 0, 8 * CLUSTER, 1);
      layer.snapshots().create("one", NOON);
      fill(layer, 0, 8 * CLUSTER, 2);

      FreedSpace freed = layer.snapshots().delete("one");
      long sizeBefore = storage.size();
      fill(layer, 1 << 20, 8 * CLUSTER, 3);

      assertThat(freed.freedBytes()).isEqualTo(11L * CLUSTER);
      assertThat(freed.punchedBytes()).isZero();
      assertThat(storage.size()).isEqualTo(sizeBefore);
    }
  }

  @Test
  void refcountsOfOneBitRefuseASnapshotAndNothingChanges() throws IOException {
    MemoryStorage narrow = image(Qcow2CreateOptions.ofSize(4 << 20).withRefcountOrder(0));
    try (Qcow2Layer layer = open(narrow)) {
      fill(layer, 0, 3 * CLUSTER, 1);

      assertThatThrownBy(() -> layer.snapshots().create("one", NOON))
          .isInstanceOf(UnsupportedImageException.class)
          .hasMessageContaining("1 bits can hold");

      assertThat(layer.snapshots().list()).isEmpty();
      assertThat(layer.info().dirty()).isFalse();
      fill(layer, 0, CLUSTER, 2);
      layer.flush();
    }
    assertThat(check(narrow).corruptions()).isZero();
    assertThat(check(narrow).leaks()).isZero();
  }

  @Test
  void namesAreUniqueAndNotEmpty() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      layer.snapshots().create("one", NOON);
      assertThatThrownBy(() -> layer.snapshots().create("one", NOON))
          .isInstanceOf(UnsupportedImageException.class)
          .hasMessageContaining("exists already");
      assertThatThrownBy(() -> layer.snapshots().create("", NOON))
          .isInstanceOf(UnsupportedImageException.class);
      assertThatThrownBy(() -> layer.snapshots().apply("two"))
          .isInstanceOf(NoSuchElementException.class)
          .hasMessageContaining("no snapshot 'two'");
    }
  }

  @Test
  void applyingBringsBackTheSizeOfItsTime() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      layer.snapshots().create("small", NOON);
      layer.resize(8 << 20, io.varve.image.Below.NOTHING);
      fill(layer, 6 << 20, CLUSTER, 1);

      layer.snapshots().apply("small");

      assertThat(layer.size()).isEqualTo(4 << 20);
      assertThat(check(storage).corruptions()).isZero();
    }
  }

  @Test
  void idsGoOnFromTheHighest() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      layer.snapshots().create("a", NOON);
      layer.snapshots().create("b", NOON);
      layer.snapshots().delete("a");
      assertThat(layer.snapshots().create("c", NOON).id()).isEqualTo("3");
    }
  }

  @Test
  void theTreeStandsInTheFile() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      InternalSnapshots snapshots = layer.snapshots();
      snapshots.create("root", NOON);
      snapshots.create("middle", NOON);
      snapshots.create("leaf", NOON);
      snapshots.apply("root");
      snapshots.create("branch", NOON);
      snapshots.delete("middle");
    }
    try (Qcow2Layer layer = open(storage)) {
      assertThat(layer.snapshots().list())
          .extracting(InternalSnapshot::name, InternalSnapshot::lineage)
          .containsExactly(
              tuple("root", new Lineage(null, false)),
              tuple("leaf", new Lineage("1", false)),
              tuple("branch", new Lineage("1", true)));
      layer.snapshots().delete("branch");
      assertThat(layer.snapshots().list().getFirst().lineage()).isEqualTo(new Lineage(null, true));
    }
  }
}
