// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.DeleteOutcome.How;
import io.varve.engine.model.JobState;
import io.varve.engine.model.RescanReport;
import io.varve.engine.model.RescanReport.Finding;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotView;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The files alone bring everything back.
final class RescanTest {
  @TempDir Path root;
  private TestBed bed;

  @BeforeEach
  void open() {
    bed = new TestBed(root).withPool().withDisk("d", 4 * MIB);
    bed.write("d", 0, 1, BLOCK);
    snapshot("d", "s1");
    bed.write("d", 0, 2, BLOCK);
    snapshot("d", "s2");
    bed.varve.snapshots().revert(at("d@s1"), null);
    bed.write("d", BLOCK, 3, BLOCK);
    bed.varve.clones().fast(at("d@s1"), List.of("c1", "c2"));
    bed.write("c1", 0, 4, BLOCK);
    snapshot("c1", "inside");
  }

  private void snapshot(String disk, String name) {
    bed.varve.snapshots().create(at(disk), name, SnapshotKindChoice.AUTO);
  }

  private RescanReport loseTheCatalog() {
    bed.close();
    bed = new TestBed(root, new MemoryCatalog(), StepHook.NONE);
    return bed.varve.pools().rescan(bed.folder);
  }

  @Test
  void bringsBackDisksSnapshotsAndTheirTrees() {
    List<String> tree = bed.tree("d");
    List<String> cloneTree = bed.tree("c1");
    List<SnapshotView> snapshots = bed.varve.snapshots().list(at("d"));
    RescanReport report = loseTheCatalog();
    assertThat(report.disks()).isEqualTo(3);
    assertThat(report.snapshots()).isEqualTo(3);
    assertThat(report.findings()).isEmpty();
    assertThat(bed.tree("d")).isEqualTo(tree);
    assertThat(bed.tree("c1")).isEqualTo(cloneTree);
    assertThat(bed.varve.snapshots().list(at("d"))).isEqualTo(snapshots);
    assertThat(bed.read("d@s2", 0)).isEqualTo(2);
    assertThat(bed.read("c1", 0)).isEqualTo(4);
    assertThat(bed.varve.disks().show(at("c2")).clonedFrom()).isEqualTo("d@s1");
    assertThat(bed.varve.snapshots().delete(at("d@s1")).how()).isEqualTo(How.RETIRED);
    assertThat(bed.read("c2", 0)).isEqualTo(1);
  }

  @Test
  void keepsRetiredLayersRetired() {
    bed.varve.snapshots().delete(at("d@s1"));
    loseTheCatalog();
    assertThat(bed.tree("d")).contains("(retired)<-", "s2<(retired)", "*p/d<(retired)");
    assertThat(bed.varve.snapshots().list(at("d"))).hasSize(1);
    assertThat(bed.read("c2", 0)).isEqualTo(1);
  }

  @Test
  void isTheSameTwice() {
    loseTheCatalog();
    RescanReport again = bed.varve.pools().rescan(POOL);
    assertThat(again.findings()).isEmpty();
    assertThat(again.disks()).isEqualTo(3);
  }

  @Test
  void keepsCountersOfDisksThatAreStillThere() {
    long before = bed.varve.data().io(at("d")).guest().writeBytes();
    bed.varve.pools().rescan(POOL);
    assertThat(bed.varve.data().io(at("d")).guest().writeBytes()).isEqualTo(before).isPositive();
  }

  @Test
  void reportsWhatDoesNotFit() throws IOException {
    Path layers = bed.folder.resolve("layers");
    Files.writeString(layers.resolve("notes.txt"), "hello");
    Files.writeString(layers.resolve("x.qcow2.new"), "half");
    Files.writeString(layers.resolve("00000000-0000-0000-0000-000000000000.qcow2"), "garbage");
    Path clone = bed.varve.disks().show(at("c2")).file();
    Files.copy(clone, layers.resolve("copy.qcow2"));
    RescanReport report = loseTheCatalog();
    assertThat(report.findings())
        .extracting(f -> f.file().getFileName().toString())
        .contains(
            "notes.txt", "x.qcow2.new", "00000000-0000-0000-0000-000000000000.qcow2", "copy.qcow2");
    assertThat(report.findings()).allMatch(f -> !f.cure().isBlank());
    assertThat(report.disks()).isEqualTo(3);
  }

  @Test
  void reportsAMissingBaseAndKeepsTheRest() throws IOException {
    Path base = bed.varve.snapshots().show(at("d@s1")).file();
    Path away = Files.move(base, root.resolve("away"));
    RescanReport report = loseTheCatalog();
    assertThat(report.findings()).extracting(Finding::problem).anyMatch(p -> p.contains("missing"));
    assertThat(bed.varve.disks().show(at("d")).problem()).contains("missing");
    Files.move(away, base);
    assertThat(bed.varve.pools().rescan(POOL).findings()).isEmpty();
    assertThat(bed.read("d", 0)).isEqualTo(1);
  }

  @Test
  void bringsADiskWithoutAnActiveLayerBackByARevert() throws IOException {
    Files.delete(bed.varve.disks().show(at("d")).file());
    RescanReport report = loseTheCatalog();
    assertThat(report.findings()).hasSize(1);
    assertThat(bed.varve.disks().show(at("d")).problem()).isNotNull();
    assertThat(bed.varve.disks().list(null)).hasSize(3);
    bed.varve.snapshots().revert(at("d@s2"), null);
    assertThat(bed.read("d", 0)).isEqualTo(2);
  }

  @Test
  void isRefusedForAFolderThatIsNoPool() throws IOException {
    Path other = Files.createDirectory(root.resolve("other"));
    assertThatThrownBy(() -> bed.varve.pools().rescan(other))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("no pool");
  }

  @Test
  void nothingIsBuiltOnALayerThatIsMissing() throws IOException {
    Files.delete(bed.varve.snapshots().show(at("d@s1")).file());
    assertThatThrownBy(() -> bed.varve.snapshots().create(at("d"), "more", SnapshotKindChoice.AUTO))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("is missing");
    assertThatThrownBy(() -> bed.varve.snapshots().revert(at("d@s2"), null))
        .isInstanceOf(DamagedException.class);
    assertThatThrownBy(() -> bed.varve.clones().fast(at("d@s2"), "c"))
        .isInstanceOf(DamagedException.class);
  }

  @Test
  void aCatalogThatIsBehindNeitherReadsNorDeletesWhatAnotherOneFroze() throws Exception {
    MemoryCatalog behind = new MemoryCatalog();
    try (TestBed other = new TestBed(root.resolve("behind"), behind, StepHook.NONE)) {
      other.varve.pools().rescan(bed.folder);
      snapshot("c2", "since");
      bed.write("c2", 0, 9, BLOCK);
      assertThatThrownBy(() -> other.read("c2", 0))
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining("frozen");
      assertThatThrownBy(() -> other.varve.disks().delete(at("c2"), true))
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining("frozen");
    }
    assertThat(bed.read("c2", 0)).isEqualTo(9);
  }

  @Test
  void aLayerThatLostItsTailIsNeitherReadNorMerged() throws IOException {
    Path file = bed.varve.snapshots().show(at("d@s2")).file();
    cutTo(file, 5 * BLOCK);
    assertThatThrownBy(() -> bed.read("d@s2", 0))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("cut short");
    bed.varve.snapshots().revert(at("d@s2"), null);
    bed.varve.snapshots().delete(at("d@s2"));
    assertThat(bed.runJobs()).allMatch(job -> job.state() == JobState.FAILED).hasSize(1);
    assertThat(file).exists();
  }

  private static void cutTo(Path file, long length) throws IOException {
    assertThat(file.toFile().setWritable(true)).isTrue();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(length);
    }
  }

  @Test
  void aLayerReplacedByAnotherOneIsNeitherReadNorMerged() throws IOException {
    Path right = bed.varve.snapshots().show(at("d@s2")).file();
    Path other = bed.varve.disks().show(at("c2")).file();
    bed.varve.snapshots().revert(at("d@s2"), null);
    Files.copy(other, right, StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> bed.read("d", 0))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("another layer");
    assertThatThrownBy(() -> bed.varve.snapshots().delete(at("d@s2")))
        .isInstanceOf(DamagedException.class);
    assertThat(right).exists();
  }

  @Test
  void refusesACopyOfAPoolThatIsStillThere() throws Exception {
    Path copy = root.resolve("copy");
    assertThat(
            new ProcessBuilder("cp", "-a", bed.folder.toString(), copy.toString())
                .start()
                .waitFor())
        .isZero();
    assertThatThrownBy(() -> bed.varve.pools().rescan(copy))
        .isInstanceOf(AlreadyExistsException.class)
        .hasMessageContaining("is a copy of pool");
    assertThat(bed.varve.disks().show(at("d")).file()).startsWith(bed.folder.toRealPath());
  }

  @Test
  void movesWithItsFolder() throws IOException {
    Path moved = Files.move(bed.folder, root.resolve("elsewhere"));
    bed.close();
    bed = new TestBed(root, new MemoryCatalog(), StepHook.NONE);
    bed.varve.pools().rescan(moved);
    assertThat(bed.read("c1", 0)).isEqualTo(4);
    assertThat(bed.read("c1@inside", 0)).isEqualTo(4);
    assertThat(bed.read("d@s2", 0)).isEqualTo(2);
  }
}
