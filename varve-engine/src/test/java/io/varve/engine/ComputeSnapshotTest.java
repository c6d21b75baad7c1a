// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.KIB;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeleteOutcome.How;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.ExportSpec;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.RescanReport;
import io.varve.engine.model.SnapshotKind;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotTree;
import io.varve.engine.model.SnapshotView;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ComputeSnapshotTest {
  @TempDir Path root;
  private Path place;
  private TestBed bed;

  @BeforeEach
  void open() throws IOException {
    place = Files.createDirectory(root.resolve("lun"));
    bed = new TestBed(root);
    bed.varve.pools().create(PoolSpec.external("x", place));
    bed.varve.disks().create("x", "d", DiskSpec.of(4 * MIB));
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private SnapshotView snapshot(String name) {
    return bed.varve.snapshots().create(at("d"), name, SnapshotKindChoice.AUTO);
  }

  @Test
  void livesInsideTheOneFile() {
    bed.write("d", 0, 1, BLOCK);
    SnapshotView taken = snapshot("s1");
    assertThat(taken.kind()).isEqualTo(SnapshotKind.COMPUTE);
    assertThat(taken.file()).isEqualTo(place.resolve("d.qcow2"));
    assertThat(taken.internalId()).isEqualTo("1");
    bed.write("d", 0, 2, BLOCK);
    assertThat(bed.read("d@s1", 0)).isEqualTo(1);
    assertThat(bed.read("d@1", 0)).isEqualTo(1);
    assertThat(bed.read("d", 0)).isEqualTo(2);
    assertThat(TestBed.files(place)).hasSize(1);
  }

  @Test
  void keepsATreeThatTheFormatDoesNot() {
    bed.write("d", 0, 1, BLOCK);
    snapshot("s1");
    bed.write("d", 0, 2, BLOCK);
    snapshot("s2");
    DiskView reverted = bed.varve.snapshots().revert(at("d@s1"), null);
    assertThat(reverted.parent()).isEqualTo("s1");
    assertThat(reverted.changedSince()).isFalse();
    assertThat(bed.read("d", 0)).isEqualTo(1);
    bed.write("d", 0, 3, BLOCK);
    assertThat(bed.varve.disks().show(at("d")).changedSince()).isTrue();
    snapshot("s3");
    assertThat(bed.tree("d")).containsExactly("s1<-", "s2<s1", "s3<s1", "*x/d<s3");
    assertThat(bed.read("d@s2", 0)).isEqualTo(2);
    bed.varve.snapshots().delete(at("d@s1"));
    assertThat(bed.tree("d")).containsExactly("s2<-", "s3<-", "*x/d<s3");
  }

  @Test
  void keepsAbandonedChangesUnderAName() {
    bed.write("d", 0, 1, BLOCK);
    snapshot("s1");
    bed.write("d", 0, 2, BLOCK);
    bed.varve.snapshots().revert(at("d@s1"), "kept");
    assertThat(bed.read("d", 0)).isEqualTo(1);
    assertThat(bed.read("d@kept", 0)).isEqualTo(2);
  }

  @Test
  void givesClustersBackWhereTheStoreCanPunch() {
    bed.write("d", 0, 1, MIB);
    snapshot("s1");
    bed.write("d", 0, 2, MIB);
    long before = bed.varve.disks().show(at("d")).space().allocatedBytes();
    DeleteOutcome outcome = bed.varve.snapshots().delete(at("d@s1"));
    assertThat(outcome.how()).isEqualTo(How.FREED_IN_FILE);
    assertThat(outcome.freedInFileBytes()).isGreaterThanOrEqualTo(MIB);
    long after = bed.varve.disks().show(at("d")).space().allocatedBytes();
    if (outcome.storeCanPunch()) {
      assertThat(outcome.punchedBytes()).isGreaterThanOrEqualTo(MIB);
      assertThat(after).isLessThanOrEqualTo(before - MIB + BLOCK);
    } else {
      assertThat(outcome.notes()).isNotEmpty();
    }
    assertThat(bed.read("d", 0)).isEqualTo(2);
  }

  @Test
  void refusesStorageSnapshotsAndFastClonesWithTheirCures() {
    assertThatThrownBy(() -> bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.STORAGE))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("external storage")
        .hasMessageContaining("--kind compute");
    assertThatThrownBy(() -> bed.varve.clones().fast(at("d"), "c"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("full clone");
  }

  @Test
  void makesFullClonesOfASnapshot() {
    bed.write("d", 0, 1, BLOCK);
    snapshot("s1");
    bed.write("d", 0, 2, BLOCK);
    bed.varve.clones().full(at("d@s1"), "c", null);
    assertThat(bed.read("c", 0)).isEqualTo(1);
    assertThat(place.resolve("c.qcow2")).exists();
  }

  @Test
  void comesBackFromTheFilesWithItsTree() throws IOException {
    bed.write("d", 0, 1, BLOCK);
    snapshot("s1");
    bed.write("d", 0, 2, BLOCK);
    snapshot("s2");
    snapshot("gone");
    snapshot("s3");
    bed.varve.snapshots().revert(at("d@s1"), null);
    snapshot("s4");
    bed.varve.snapshots().delete(at("d@gone"));
    Files.writeString(place.resolve("notes.txt"), "not an image");
    List<SnapshotView> before = bed.varve.snapshots().list(at("d"));
    SnapshotTree tree = bed.varve.snapshots().tree(at("d"), false);

    bed.varve.pools().forget("x", true);
    bed.varve.pools().create(PoolSpec.external("x", place));
    RescanReport report = bed.varve.pools().rescan("x");

    assertThat(report.disks()).isEqualTo(1);
    assertThat(report.snapshots()).isEqualTo(4);
    assertThat(report.findings()).isEmpty();
    assertThat(bed.varve.snapshots().list(at("d")))
        .isEqualTo(before)
        .allMatch(s -> s.parentKnown());
    assertThat(bed.varve.snapshots().tree(at("d"), false)).isEqualTo(tree);
    assertThat(bed.read("d@s1", 0)).isEqualTo(1);
  }

  @Test
  void registersAnImageInPlace() throws IOException {
    bed.write("d", 0, 5, BLOCK);
    bed.varve
        .disks()
        .exportImage(
            at("d"), root.resolve("other.qcow2"), ExportSpec.of(io.varve.image.LayerFormat.QCOW2));
    Path image = place.resolve("theirs.qcow2");
    Files.move(root.resolve("other.qcow2"), image);
    bed.varve.disks().register("x", "theirs", image);
    assertThat(bed.read("theirs", 0)).isEqualTo(5);
    assertThatThrownBy(() -> bed.varve.disks().register("x", "again", image))
        .isInstanceOf(AlreadyExistsException.class);
    assertThatThrownBy(() -> bed.varve.disks().register("x", "no", root.resolve("nowhere")))
        .isInstanceOf(NotFoundException.class);
    Path outside = Files.copy(image, root.resolve("outside.qcow2"));
    assertThatThrownBy(() -> bed.varve.disks().register("x", "out", outside))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("outside");
  }

  @Test
  void handsAnImageBackWithItsSnapshotsAndWithoutAMark() throws IOException {
    bed.write("d", 0, 5, BLOCK);
    snapshot("s1");
    Path image = bed.varve.disks().show(at("d")).file();

    bed.varve.disks().unregister(at("d"));

    assertThat(bed.varve.disks().list("x")).isEmpty();
    assertThat(bed.varve.pools().rescan("x").findings())
        .singleElement()
        .satisfies(finding -> assertThat(finding.problem()).contains("no identity of Varve's"));
    bed.varve.disks().register("x", "again", image);
    assertThat(bed.read("again", 0)).isEqualTo(5);
    assertThat(bed.varve.snapshots().list(at("again")))
        .extracting(SnapshotView::name)
        .containsExactly("s1");
  }

  @Test
  void refusesAnImageThatWasCutShort() throws IOException {
    bed.write("d", 0, 5, 20 * BLOCK);
    Path whole = root.resolve("whole.qcow2");
    bed.varve.disks().exportImage(at("d"), whole, ExportSpec.of(io.varve.image.LayerFormat.QCOW2));
    byte[] bytes = Files.readAllBytes(whole);
    for (int length : new int[] {512, 65536, 200_000, bytes.length - 8 * BLOCK}) {
      Path cut = place.resolve("cut-" + length + ".qcow2");
      Files.write(cut, java.util.Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> bed.varve.disks().register("x", "cut", cut))
          .as("%d bytes", length)
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("cut short");
      assertThatThrownBy(() ->
              bed.varve.disks().importImage("x", "cut", cut, io.varve.image.LayerFormat.QCOW2))
          .isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void deletesTheFileWithTheDisk() {
    snapshot("s1");
    assertThatThrownBy(() -> bed.varve.disks().delete(at("d"), false))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("1 snapshots");
    bed.varve.disks().delete(at("d"), true);
    assertThat(TestBed.files(place)).isEmpty();
    assertThat(bed.varve.disks().list("x")).isEmpty();
  }

  @Test
  void growsADiskThatHasSnapshots() {
    bed.write("d", 0, 1, 4 * KIB);
    snapshot("small");
    bed.varve.disks().resize(at("d"), 8 * MIB, false);
    bed.write("d", 7 * MIB, 3, 512);
    assertThat(bed.varve.snapshots().revert(at("d@small"), "big").size()).isEqualTo(4 * MIB);
    assertThat(bed.varve.snapshots().revert(at("d@big"), null).size()).isEqualTo(8 * MIB);
    assertThat(bed.read("d", 7 * MIB)).isEqualTo(3);
  }

  @Test
  void leavesNoLeakedClusterOnceTheIntentIsGone() throws IOException {
    bed.write("d", 0, 1, BLOCK);
    List<Long> leaks = new ArrayList<>();
    Varve watched =
        bed.again((_, step) -> {
          if (step.equals("commit")) {
            leaks.add(leaks(place.resolve("d.qcow2")));
          }
        });
    watched.snapshots().create(at("d"), "s1", SnapshotKindChoice.AUTO);
    bed.write("d", 0, 2, BLOCK);
    watched.snapshots().create(at("d"), "s2", SnapshotKindChoice.AUTO);
    watched.snapshots().revert(at("d@s1"), null);
    watched.snapshots().delete(at("d@s1"));
    watched.snapshots().delete(at("d@s2"));
    assertThat(leaks).containsExactly(0L, 0L, 0L, 0L, 0L);
  }

  /// As a crash would leave them: the verb has the file open still.
  private static long leaks(Path file) {
    try (FileStorage storage = FileStorage.open(file, FileAccess.READ_ONLY, LockMode.FORCE_SHARE)) {
      return Qcow2Check.check(storage, CheckProgress.NONE).leaks();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
