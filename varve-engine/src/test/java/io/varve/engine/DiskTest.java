// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.ExportSpec;
import io.varve.engine.model.JobState;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.Compression;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DiskTest {
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

  private static ProblemCode code(Runnable verb) {
    try {
      verb.run();
    } catch (VarveException e) {
      assertThat(e.reason()).isNotBlank();
      return e.code();
    }
    throw new AssertionError("it was done");
  }

  @Test
  void isEmptyAtFirst() {
    DiskView disk =
        bed.varve
            .disks()
            .create(POOL, "d", DiskSpec.of(MIB).withClusterSize(1 << 16).withExtendedL2(true));
    assertThat(disk.size()).isEqualTo(MIB);
    assertThat(disk.depth()).isEqualTo(1);
    assertThat(disk.parent()).isNull();
    assertThat(disk.problem()).isNull();
    assertThat(disk.file()).exists().hasParent(bed.folder.resolve("layers"));
    assertThat(bed.readAll("d")).containsOnly(0);
  }

  @Test
  void refusesImpossibleShapes() {
    assertThat(code(() -> bed.withDisk("d", 0))).isEqualTo(ProblemCode.INVALID_REQUEST);
    assertThat(code(() -> bed.withDisk("d", 1000))).isEqualTo(ProblemCode.INVALID_REQUEST);
    assertThat(
            code(() -> bed.varve.disks().create(POOL, "d", DiskSpec.of(MIB).withClusterSize(3000))))
        .isEqualTo(ProblemCode.INVALID_REQUEST);
    assertThat(
            code(() ->
                bed.varve.disks().create(POOL, "d", DiskSpec.of(MIB).withClusterSize(4 << 20))))
        .isEqualTo(ProblemCode.UNSUPPORTED_IMAGE);
    assertThat(bed.layerFiles()).isEmpty();
    assertThat(code(() -> bed.withDisk("a/b", MIB))).isEqualTo(ProblemCode.INVALID_NAME);
    bed.withDisk("d", MIB);
    assertThat(code(() -> bed.withDisk("d", MIB))).isEqualTo(ProblemCode.DISK_EXISTS);
  }

  @Test
  void comesFromARawImageAndGoesBackToOne() throws IOException {
    byte[] bytes = new byte[3 * MIB + 512];
    Arrays.fill(bytes, MIB, MIB + 5000, (byte) 7);
    bytes[bytes.length - 1] = 9;
    Path raw = Files.write(root.resolve("image.raw"), bytes);
    CloneOutcome in = bed.varve.disks().importImage(POOL, "d", raw, LayerFormat.RAW);
    assertThat(in.disk().size()).isEqualTo(bytes.length);
    assertThat(in.skippedBytes()).isGreaterThan(2 * MIB);
    assertThat(bed.readAll("d")).isEqualTo(bytes);
    Path out = root.resolve("out.raw");
    bed.varve.disks().exportImage(at("d"), out, ExportSpec.of(LayerFormat.RAW));
    assertThat(out).hasBinaryContent(bytes);
    assertThat(
            code(() -> bed.varve.disks().exportImage(at("d"), out, ExportSpec.of(LayerFormat.RAW))))
        .isEqualTo(ProblemCode.FILE_EXISTS);
    bed.varve.disks().exportImage(at("d"), out, ExportSpec.of(LayerFormat.QCOW2).withReplace(true));
    bed.varve.disks().importImage(POOL, "e", out, LayerFormat.QCOW2);
    assertThat(bed.readAll("e")).isEqualTo(bytes);
  }

  @Test
  void importsWhatOthersMadeAndWritesNoneOfIt() throws IOException {
    byte[] bytes = new byte[3 * MIB];
    Arrays.fill(bytes, MIB, MIB + 5000, (byte) 7);
    Files.write(root.resolve("disk-flat.vmdk"), bytes);
    String text =
        """
        # Disk DescriptorFile
        version=1
        CID=12345678
        parentCID=ffffffff
        createType="monolithicFlat"
        RW %d FLAT "%s" 0
        """;
    Path image = root.resolve("disk.vmdk");
    Files.writeString(image, text.formatted(bytes.length / 512, "disk-flat.vmdk"));
    bed.varve.disks().importImage(POOL, "d", image, LayerFormat.VMDK);
    assertThat(bed.readAll("d")).isEqualTo(bytes);

    Files.writeString(image, text.formatted(2, "/etc/passwd"));
    assertThatThrownBy(() -> bed.varve.disks().importImage(POOL, "e", image, LayerFormat.VMDK))
        .hasMessageContaining("only files beside the image may be opened");
    ExportSpec spec = ExportSpec.of(LayerFormat.VMDK);
    assertThat(code(() -> bed.varve.disks().exportImage(at("d"), root.resolve("out"), spec)))
        .isEqualTo(ProblemCode.INVALID_REQUEST);
  }

  @Test
  void exportsCompressedWhereAskedTo() throws IOException {
    bed.withDisk("d", 4 * MIB);
    bed.write("d", 0, 1, MIB);
    for (Compression type : Compression.values()) {
      Path out = root.resolve(type + ".qcow2");
      ExportSpec spec = ExportSpec.of(LayerFormat.QCOW2).withCompression(type);
      bed.varve.disks().exportImage(at("d"), out, spec);
      assertThat(out.toFile().length()).isLessThan(MIB);
      bed.varve.disks().importImage(POOL, "e-" + type, out, LayerFormat.QCOW2);
      assertThat(bed.readAll("e-" + type)).isEqualTo(bed.readAll("d"));
    }
    ExportSpec raw = ExportSpec.of(LayerFormat.RAW).withCompression(Compression.ZSTD);
    assertThat(code(() -> bed.varve.disks().exportImage(at("d"), root.resolve("r"), raw)))
        .isEqualTo(ProblemCode.INVALID_REQUEST);
  }

  @Test
  void exportsASnapshotAsItWas() {
    bed.withDisk("d", MIB);
    bed.write("d", 0, 1, BLOCK);
    bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
    bed.write("d", 0, 2, BLOCK);
    Path out = root.resolve("s.raw");
    bed.varve.disks().exportImage(at("d@s"), out, ExportSpec.of(LayerFormat.RAW));
    assertThat(out.toFile().length()).isEqualTo(MIB);
    bed.varve.disks().importImage(POOL, "e", out, LayerFormat.RAW);
    assertThat(bed.read("e", 0)).isEqualTo(1);
  }

  @Test
  void neverGuessesAFormat() throws IOException {
    bed.withDisk("d", MIB);
    Path out = root.resolve("d.qcow2");
    bed.varve.disks().exportImage(at("d"), out, ExportSpec.of(LayerFormat.QCOW2));
    bed.varve.disks().importImage(POOL, "raw", out, LayerFormat.RAW);
    assertThat(bed.read("raw", 0)).isEqualTo('Q');
    Path text = Files.writeString(root.resolve("text"), "x".repeat(1024));
    assertThat(code(() -> bed.varve.disks().importImage(POOL, "x", text, LayerFormat.QCOW2)))
        .isEqualTo(ProblemCode.WRONG_FORMAT);
    assertThat(
            code(() ->
                bed.varve.disks().importImage(POOL, "x", root.resolve("no"), LayerFormat.RAW)))
        .isEqualTo(ProblemCode.FILE_NOT_FOUND);
  }

  @Test
  void refusesAnImageThatNamesABase() {
    bed.withDisk("d", MIB);
    bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
    Path overlay = bed.varve.disks().show(at("d")).file();
    assertThatThrownBy(() -> bed.varve.disks().importImage(POOL, "x", overlay, LayerFormat.QCOW2))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("backing file")
        .hasMessageContaining("qemu-img convert");
  }

  @Test
  void exportsIntoNoPool() {
    bed.withDisk("d", MIB);
    Path inside = bed.folder.resolve("layers").resolve("x.qcow2");
    assertThat(
            code(() ->
                bed.varve
                    .disks()
                    .exportImage(
                        at("d"), inside, ExportSpec.of(LayerFormat.RAW).withReplace(true))))
        .isEqualTo(ProblemCode.INVALID_REQUEST);
  }

  @Test
  void growsFreelyAndShrinksOnlyWhenAllowed() {
    bed.withDisk("d", MIB);
    bed.write("d", MIB - 512, 3, 512);
    assertThat(bed.varve.disks().resize(at("d"), 2 * MIB, false).size()).isEqualTo(2 * MIB);
    assertThat(bed.read("d", MIB)).isZero();
    assertThat(code(() -> bed.varve.disks().resize(at("d"), MIB, false)))
        .isEqualTo(ProblemCode.WOULD_SHRINK);
    assertThat(bed.varve.disks().resize(at("d"), MIB, true).size()).isEqualTo(MIB);
    assertThat(bed.read("d", MIB - 512)).isEqualTo(3);
    assertThat(code(() -> bed.varve.disks().resize(at("d"), 100, true)))
        .isEqualTo(ProblemCode.INVALID_REQUEST);
  }

  @Test
  void goesWithItsSnapshotsOnlyWhenTold() {
    bed.withDisk("d", MIB);
    bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
    assertThat(code(() -> bed.varve.disks().delete(at("d"), false)))
        .isEqualTo(ProblemCode.HAS_SNAPSHOTS);
    bed.varve.disks().delete(at("d"), true);
    assertThat(bed.layerFiles()).isEmpty();
    assertThat(code(() -> bed.varve.disks().show(at("d")))).isEqualTo(ProblemCode.DISK_NOT_FOUND);
  }

  @Test
  void isNotDeletedWhileSomeoneUsesIt() {
    bed.withDisk("d", MIB);
    try (DiskSession session = bed.varve.data().open(at("d"), false)) {
      assertThat(session.size()).isEqualTo(MIB);
      assertThat(code(() -> bed.varve.disks().delete(at("d"), true))).isEqualTo(ProblemCode.BUSY);
    }
    assertThat(bed.read("d", 0)).isZero();
  }

  @Test
  void saysWhichFileIsMissing() throws IOException {
    bed.withDisk("d", MIB);
    bed.write("d", 0, 1, 512);
    bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
    Path base = bed.varve.snapshots().show(at("d@s")).file();
    Path away = Files.move(base, root.resolve("away"));
    assertThatThrownBy(() -> bed.read("d", 0))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining(base.getFileName().toString());
    Files.move(away, base);
    assertThat(bed.read("d", 0)).isEqualTo(1);
    Files.delete(bed.varve.disks().show(at("d")).file());
    assertThat(bed.varve.disks().show(at("d")).problem()).contains("missing");
    assertThat(bed.varve.disks().list(null)).hasSize(1);
    assertThat(code(() -> bed.read("d", 0))).isEqualTo(ProblemCode.LAYER_MISSING);
    assertThat(bed.varve.snapshots().revert(at("d@s"), null).problem()).isNull();
    assertThat(bed.read("d", 0)).isEqualTo(1);
  }

  @Test
  void refusesAForeignFileInAlayersPlace() throws IOException {
    bed.withDisk("d", MIB).withDisk("e", MIB);
    Path mine = bed.varve.disks().show(at("d")).file();
    Path other = bed.varve.disks().show(at("e")).file();
    Files.copy(other, mine, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(code(() -> bed.write("d", 0, 1, 512))).isEqualTo(ProblemCode.FOREIGN_FILE);
    Files.writeString(mine, "garbage");
    assertThat(code(() -> bed.read("d", 0))).isEqualTo(ProblemCode.WRONG_FORMAT);
  }

  @Test
  void leavesNothingBehindWhenStopped() throws IOException {
    byte[] bytes = new byte[8 * MIB];
    Arrays.fill(bytes, (byte) 1);
    Path raw = Files.write(root.resolve("image.raw"), bytes);
    ProgressListener stop =
        (_, _, _) -> {
          throw new CancellationException();
        };
    try (Varve stopping = Varve.open(bed.config.withProgress(stop))) {
      assertThat(code(() -> stopping.disks().importImage(POOL, "d", raw, LayerFormat.RAW)))
          .isEqualTo(ProblemCode.CANCELLED);
      assertThat(bed.layerFiles()).isEmpty();
      bed.withDisk("d", MIB);
      bed.write("d", 0, 1, MIB);
      bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
      bed.write("d", 0, 1, 512);
      stopping.snapshots().delete(at("d@s"));
      assertThat(code(() -> stopping.jobs().runAll(POOL))).isEqualTo(ProblemCode.CANCELLED);
    }
    assertThat(bed.tree("d")).containsExactly("(retired)<-", "*p/d<(retired)");
    assertThat(bed.read("d", 0)).isEqualTo(1);
    assertThat(bed.runJobs()).allMatch(job -> job.state() == JobState.DONE).hasSize(1);
    assertThat(bed.tree("d")).containsExactly("*p/d<-");
    assertThat(bed.read("d", 0)).isEqualTo(1);
  }
}
