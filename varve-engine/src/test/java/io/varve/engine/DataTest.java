// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.KIB;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.DiskIo;
import io.varve.engine.model.IoProbeRow;
import io.varve.engine.model.IoProbeRow.Phase;
import io.varve.engine.model.IoProbeSpec;
import io.varve.engine.model.SnapshotKind;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.WhereExtent;
import io.varve.image.ExtentKind;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DataTest {
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

  @Test
  void movesBytesInAndOut() {
    byte[] bytes = {1, 2, 3, 4, 5};
    long written = bed.varve.data().write(at("d"), 1000, new ByteArrayInputStream(bytes), 3);
    assertThat(written).isEqualTo(3);
    assertThat(bed.readThroughStream("d", 999, 6)).containsExactly(0, 1, 2, 3, 0, 0);
    bed.write("d", 0, 9, 3 * MIB);
    assertThat(bed.readThroughStream("d", 0, 4 * MIB)).hasSize(4 * MIB);
    bed.varve.data().zero(at("d"), 100, 50);
    assertThat(bed.readThroughStream("d", 99, 52)[0]).isEqualTo((byte) 9);
    assertThat(bed.readThroughStream("d", 100, 50)).containsOnly(0);
    bed.varve.data().discard(at("d"), MIB, MIB);
    assertThat(bed.readThroughStream("d", MIB, MIB)).containsOnly(0);
  }

  @Test
  void saysHowMuchOfAnInputThatIsTooLongWasWritten() {
    long size = bed.varve.disks().show(at("d")).size();
    ByteArrayInputStream endless = new ByteArrayInputStream(new byte[3 * BLOCK]);
    assertThatThrownBy(() -> bed.varve.data().write(at("d"), size - BLOCK, endless, Long.MAX_VALUE))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("its first " + BLOCK + " bytes were written");
    assertThatThrownBy(() ->
            bed.varve
                .data()
                .write(at("d"), size - BLOCK, new ByteArrayInputStream(new byte[0]), 2 * BLOCK))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void refusesRangesOutsideOfTheDisk() {
    assertThatThrownBy(() -> bed.readThroughStream("d", 4 * MIB - 1, 2))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("outside");
    assertThatThrownBy(() -> bed.readThroughStream("d", -1, 1))
        .isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> bed.write("d", 4 * MIB, 1, 1))
        .isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> bed.varve.data().where(at("d"), 0, Long.MAX_VALUE))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void saysWhereBlocksLie() {
    bed.write("d", 0, 1, 2 * BLOCK);
    bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
    bed.write("d", BLOCK, 2, BLOCK);
    List<WhereExtent> extents = bed.varve.data().where(at("d"), 0, 4 * MIB);
    assertThat(extents).hasSize(3);
    WhereExtent old = extents.get(0);
    assertThat(old.layerName()).isEqualTo("d@s");
    assertThat(old.depth()).isEqualTo(1);
    assertThat(old.length()).isEqualTo(BLOCK);
    assertThat(old.kind()).isEqualTo(ExtentKind.DATA);
    assertThat(old.hostOffset()).isPositive();
    assertThat(old.file()).isEqualTo(bed.varve.snapshots().show(at("d@s")).file());
    WhereExtent changed = extents.get(1);
    assertThat(changed.layerName()).isEqualTo("p/d");
    assertThat(changed.depth()).isZero();
    assertThat(changed.start()).isEqualTo(BLOCK);
    WhereExtent hole = extents.get(2);
    assertThat(hole.kind()).isEqualTo(ExtentKind.NONE);
    assertThat(hole.depth()).isEqualTo(-1);
    assertThat(hole.file()).isNull();
    assertThat(bed.varve.data().where(at("d@s"), 0, 2 * BLOCK))
        .hasSize(1)
        .allMatch(e -> e.layerName().equals("d@s") && e.depth() == 0);
  }

  @Test
  void countsWhatWasAskedForAndWhatItCost() {
    try (DiskSession session = bed.varve.data().open(at("d"), true)) {
      session.write(0, ByteBuffer.allocate(4 * KIB));
      session.flush();
      session.read(0, ByteBuffer.allocate(512));
      DiskIo now = session.io();
      assertThat(now.guest().writes()).isEqualTo(1);
      assertThat(now.guest().writeBytes()).isEqualTo(4 * KIB);
      assertThat(now.guest().flushes()).isEqualTo(1);
      assertThat(now.guest().reads()).isEqualTo(1);
      assertThat(now.host().writes()).isPositive();
      assertThat(now.host().flushes()).isPositive();
    }
    DiskIo kept = bed.varve.data().io(at("d"));
    assertThat(kept.guest().writeBytes()).isEqualTo(4 * KIB);
    bed.write("d", 0, 1, 512);
    assertThat(bed.varve.data().io(at("d")).guest().writeBytes()).isEqualTo(4 * KIB + 512);
    bed.varve.data().resetIo(at("d"));
    assertThat(bed.varve.data().io(at("d"))).isEqualTo(DiskIo.NONE);
  }

  @Test
  void measuresWhatAWriteCosts() {
    List<IoProbeRow> rows =
        bed.varve.data().ioProbe(POOL, new IoProbeSpec(8, 4 * KIB, BLOCK, false));
    assertThat(rows).hasSize(2 * 2 * Phase.values().length);
    for (IoProbeRow row : rows) {
      assertThat(row.guest().writeBytes()).isEqualTo(8 * 4 * KIB);
      assertThat(row.host().writeBytes()).isGreaterThanOrEqualTo(8 * 4 * KIB);
    }
    IoProbeRow inPlace = row(rows, SnapshotKind.COMPUTE, Phase.CHANGE_IN_PLACE);
    IoProbeRow first = row(rows, SnapshotKind.COMPUTE, Phase.FIRST_CHANGE_AFTER_SNAPSHOT);
    IoProbeRow second = row(rows, SnapshotKind.COMPUTE, Phase.SECOND_CHANGE_AFTER_SNAPSHOT);
    assertThat(first.host().writeBytes()).isGreaterThan(inPlace.host().writeBytes());
    assertThat(first.host().readBytes()).isPositive();
    assertThat(second.host().writeBytes()).isLessThan(first.host().writeBytes());
    assertThat(bed.layerFiles()).hasSize(1);
    assertThatThrownBy(() -> bed.varve.data().ioProbe(POOL, new IoProbeSpec(1, 100, BLOCK, false)))
        .isInstanceOf(InvalidRequestException.class);
  }

  private static IoProbeRow row(List<IoProbeRow> rows, SnapshotKind kind, Phase phase) {
    return rows.stream()
        .filter(r -> r.kind() == kind && r.phase() == phase && r.flushEach())
        .findFirst()
        .orElseThrow();
  }
}
