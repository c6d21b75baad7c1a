// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.HoldView;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotView;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HoldTest {
  @TempDir Path root;
  private TestBed bed;

  @BeforeEach
  void open() {
    bed = new TestBed(root).withPool().withDisk("d", 4 * MIB);
    bed.write("d", 0, 1, BLOCK);
    bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
    bed.write("d", 0, 2, BLOCK);
    bed.varve.snapshots().create(at("d"), "t", SnapshotKindChoice.AUTO);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private Snapshots snapshots() {
    return bed.varve.snapshots();
  }

  @Test
  void aHeldSnapshotSaysWhoHoldsItAndStays() {
    HoldView hold = snapshots().hold(at("d@s"), "ann", "audit 2026");
    assertThat(snapshots().holds(at("d"))).containsExactly(hold);
    assertThat(hold.snapshot()).isEqualTo("p/d@s");
    assertThatThrownBy(() -> snapshots().delete(at("d@s")))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("snapshot 'p/d@s' is held by ann: audit 2026")
        .hasMessageContaining("snapshot release p/d@s");
    assertThatThrownBy(() -> snapshots().hold(at("d@s"), "bob", ""))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("by ann");
    assertThat(bed.read("d@s", 0)).isEqualTo(1);
  }

  @Test
  void aSetWithAHeldSnapshotDeletesNone() {
    snapshots().hold(at("d@s"), "ann", "");
    assertThatThrownBy(() -> snapshots().delete(List.of(at("d@t"), at("d@s"))))
        .isInstanceOf(RefusedException.class);
    assertThat(snapshots().list(at("d"))).hasSize(2);
  }

  @Test
  void aDiskGoesOnlyWithoutHeldSnapshots() {
    snapshots().hold(at("d@s"), "ann", "");
    assertThatThrownBy(() -> bed.varve.disks().delete(at("d"), true))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("p/d@s");
    snapshots().release(at("d@s"));
    bed.varve.disks().delete(at("d"), true);
    assertThat(bed.layerFiles()).isEmpty();
  }

  @Test
  void aReleasedSnapshotCanBeDeleted() {
    snapshots().hold(at("d@s"), "ann", "");
    snapshots().release(at("d@s"));
    snapshots().release(at("d@s"));
    assertThat(snapshots().holds(at("d"))).isEmpty();
    snapshots().delete(at("d@s"));
    assertThat(snapshots().list(at("d"))).extracting(SnapshotView::name).containsExactly("t");
  }

  @Test
  void aRescanBringsBackHoldsAndNames() {
    snapshots().hold(at("d@s"), "ann", "audit");
    snapshots().rename(at("d@s"), "kept");
    bed.varve.pools().rescan(POOL);
    assertThat(snapshots().holds(at("d")).getFirst().holder()).isEqualTo("ann");
    bed.varve.pools().forget(POOL, true);
    bed.varve.pools().rescan(bed.folder);
    HoldView hold = snapshots().holds(at("d")).getFirst();
    assertThat(hold.snapshot()).isEqualTo("p/d@kept");
    assertThat(hold.holder()).isEmpty();
    assertThatThrownBy(() -> snapshots().delete(at("d@kept")))
        .hasMessageContaining("snapshot 'p/d@kept' is held");
  }

  @Test
  void aRenamedSnapshotIsTheSame() {
    bed.varve.clones().fast(at("d@s"), "c");
    SnapshotView before = snapshots().show(at("d@s"));
    SnapshotView after = snapshots().rename(at("d@s"), "first");
    assertThat(after.id()).isEqualTo(before.id());
    assertThat(after.clones()).containsExactly("p/c");
    assertThat(bed.varve.disks().show(at("c")).clonedFrom()).isEqualTo("d@first");
    assertThat(bed.read("d@first", 0)).isEqualTo(1);
    assertThatThrownBy(() -> snapshots().show(at("d@s"))).isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> snapshots().rename(at("d@first"), "t"))
        .isInstanceOf(AlreadyExistsException.class);
  }

  @Test
  void aSnapshotIsRenamedWhileItsDiskIsOpen() {
    try (DiskSession session = bed.varve.data().open(at("d"), true)) {
      snapshots().rename(at("d@s"), "first");
      snapshots().hold(at("d@first"), "ann", "");
      assertThat(session.size()).isEqualTo(4 * MIB);
    }
    assertThat(bed.read("d@first", 0)).isEqualTo(1);
  }

  @Test
  void whoHoldsItIsOneLine() {
    assertThatThrownBy(() -> snapshots().hold(at("d@s"), "ann\n", ""))
        .isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> snapshots().hold(at("d@s"), "ann", "x".repeat(256)))
        .isInstanceOf(InvalidRequestException.class);
  }
}
