// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What changed between two states of a disk.
final class DiffTest {
  @TempDir Path root;
  private TestBed bed;

  @BeforeEach
  void open() {
    bed = new TestBed(root).withPool().withDisk("d", 4 * MIB);
  }

  private void snapshot(String disk, String name) {
    bed.varve.snapshots().create(at(disk), name, SnapshotKindChoice.AUTO);
  }

  private List<String> diff(String from, String to, boolean byContent) {
    List<String> ranges = new ArrayList<>();
    bed.varve
        .diffs()
        .ranges(
            from == null ? null : at(from),
            at(to),
            byContent,
            (start, length, zero) ->
                ranges.add(start / BLOCK + "+" + length / BLOCK + (zero ? " zero" : " data")));
    return ranges;
  }

  private List<String> diff(String from, String to) {
    return diff(from, to, false);
  }

  private void tree() {
    bed.write("d", 0, 1, 4 * BLOCK);
    snapshot("d", "s1");
    bed.write("d", BLOCK, 2, BLOCK);
    snapshot("d", "s2");
    bed.varve.data().zero(at("d"), 2 * BLOCK, BLOCK);
    bed.write("d", 8 * BLOCK, 3, 2 * BLOCK);
  }

  @Test
  void isWhatTheLayersBetweenHold() {
    tree();
    assertThat(diff("d@s1", "d@s2")).containsExactly("1+1 data");
    assertThat(diff("d@s2", "d")).containsExactly("2+1 zero", "8+2 data");
    assertThat(diff("d@s1", "d")).containsExactly("1+1 data", "2+1 zero", "8+2 data");
    assertThat(diff("d@s1", "d@s1")).isEmpty();
    assertThat(diff(null, "d@s1")).containsExactly("0+4 data");
  }

  @Test
  void goesBackwardsToo() {
    tree();
    assertThat(diff("d", "d@s1")).containsExactly("1+2 data", "8+2 zero");
  }

  @Test
  void goesFromBranchToBranchAndToAClone() {
    tree();
    bed.varve.snapshots().revert(at("d@s1"), "b2");
    bed.write("d", 3 * BLOCK, 4, BLOCK);
    assertThat(diff("d@b2", "d")).containsExactly("1+3 data", "8+2 zero");
    bed.varve.clones().fast(at("d@s1"), List.of("c"));
    bed.write("c", 0, 5, BLOCK);
    assertThat(diff("d@s1", "c")).containsExactly("0+1 data");
    assertThat(diff("d@s2", "c")).containsExactly("0+2 data");
  }

  @Test
  void leavesOutEqualBytesWhereTheyAreCompared() {
    tree();
    bed.write("d", 0, 1, BLOCK);
    bed.write("d", 20 * BLOCK, 0, BLOCK);
    assertThat(diff("d@s2", "d")).containsExactly("0+1 data", "2+1 zero", "8+2 data", "20+1 data");
    assertThat(diff("d@s2", "d", true)).containsExactly("2+1 zero", "8+2 data");
  }

  @Test
  void followsAChangeOfSize() {
    tree();
    snapshot("d", "s3");
    bed.varve.disks().resize(at("d"), 6 * MIB, false);
    bed.write("d", 5L * MIB, 6, BLOCK);
    assertThat(diff("d@s3", "d")).containsExactly("80+1 data");
    bed.varve.disks().resize(at("d"), 2 * BLOCK, true);
    assertThat(diff("d@s3", "d")).isEmpty();
    snapshot("d", "small");
    bed.varve.disks().resize(at("d"), 4 * MIB, false);
    assertThat(diff("d@s3", "d")).containsExactly("3+1 zero", "8+2 zero");
    assertThat(diff("d@small", "d")).isEmpty();
  }

  @Test
  void comparesSnapshotsInsideOneFile() throws IOException {
    Path place = Files.createDirectories(root.resolve("lun"));
    bed.varve.pools().create(PoolSpec.external("x", place));
    bed.varve.disks().create("x", "c", DiskSpec.of(4 * MIB));
    bed.write("c", 0, 1, 4 * BLOCK);
    snapshot("c", "s1");
    bed.write("c", BLOCK, 2, BLOCK);
    snapshot("c", "s2");
    bed.varve.data().zero(at("c"), 2 * BLOCK, BLOCK);
    assertThat(diff("c@s1", "c@s2")).containsExactly("1+1 data");
    assertThat(diff("c@s2", "c")).containsExactly("2+1 zero");
    assertThat(diff("c", "c@s1")).containsExactly("1+2 data");
    assertThat(diff("c@s1", "c@s1")).isEmpty();
    assertThat(diff("c", "c")).isEmpty();
  }

  @Test
  void refusesTwoTrees() {
    tree();
    bed.withDisk("e", MIB);
    assertThatThrownBy(() -> diff("d", "e"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("share no layer")
        .hasMessageContaining("--full");
  }

  @Test
  void doesNotReadWhatDidNotChange() {
    bed.withDisk("big", 1L << 40);
    bed.write("big", 0, 1, BLOCK);
    snapshot("big", "s1");
    bed.write("big", 1L << 39, 2, BLOCK);
    assertThat(diff("big@s1", "big")).containsExactly((1L << 39) / BLOCK + "+1 data");
  }
}
