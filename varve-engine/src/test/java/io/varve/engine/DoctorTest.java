// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DoctorReport;
import io.varve.engine.model.DoctorReport.Ailment;
import io.varve.engine.model.DoctorReport.Kind;
import io.varve.engine.model.DoctorSpec;
import io.varve.engine.model.ExportSpec;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.image.BackingReference;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every disorder is found, named, and mended where nothing has to be guessed.
final class DoctorTest {
  @TempDir Path root;
  private TestBed bed;

  private static final class Crash extends Error {
    private static final long serialVersionUID = 1L;
  }

  @BeforeEach
  void open() {
    bed = new TestBed(root).withPool().withDisk("d", 4 * MIB);
    bed.write("d", 0, 1, BLOCK);
    bed.varve.snapshots().create(at("d"), "s1", SnapshotKindChoice.AUTO);
    bed.write("d", BLOCK, 2, BLOCK);
  }

  private DoctorReport look() {
    return bed.varve.upkeep().doctor("p", new DoctorSpec(false, true));
  }

  private DoctorReport fix() {
    return bed.varve.upkeep().doctor("p", new DoctorSpec(true, true));
  }

  private static List<Kind> kinds(DoctorReport report) {
    return report.ailments().stream().map(Ailment::kind).toList();
  }

  private Path active() {
    return bed.varve.disks().show(at("d")).file();
  }

  private Path frozen() {
    return bed.varve.snapshots().show(at("d@s1")).file();
  }

  private void requireMended(Kind kind) {
    DoctorReport seen = look();
    assertThat(kinds(seen)).contains(kind);
    assertThat(seen.forPeople()).isZero();
    assertThat(look()).as("looking changes nothing").isEqualTo(seen);
    assertThat(fix().mendable() + fix().forPeople()).isZero();
    assertThat(look().ailments()).isEmpty();
    assertThat(bed.read("d", 0)).isEqualTo(1);
    assertThat(bed.read("d", BLOCK)).isEqualTo(2);
    assertThat(bed.read("d@s1", BLOCK)).isZero();
  }

  private void requireForAPerson(Kind kind) {
    DoctorReport seen = look();
    Ailment found =
        seen.ailments().stream().filter(a -> a.kind() == kind).findFirst().orElseThrow();
    assertThat(found.repair()).isNull();
    assertThat(found.cure()).isNotEmpty();
    List<Path> files = bed.layerFiles();
    assertThat(kinds(fix())).contains(kind);
    assertThat(bed.layerFiles()).isEqualTo(files);
  }

  @Test
  void aHealthyPoolHasNothing() {
    assertThat(look().ailments()).isEmpty();
    assertThat(look().layers()).isEqualTo(2);
  }

  @Test
  void leftoversAreSetAside() throws IOException {
    Path left = bed.folder.resolve("layers").resolve("x.qcow2.new");
    Files.writeString(left, "half");
    requireMended(Kind.UNFINISHED);
    assertThat(bed.folder.resolve("set-aside").resolve("x.qcow2.new")).hasContent("half");
  }

  @Test
  void wrongModesAreMended() throws IOException {
    Files.setPosixFilePermissions(frozen(), PosixFilePermissions.fromString("rw-r--r--"));
    requireMended(Kind.WRONG_MODE);
    Files.setPosixFilePermissions(active(), PosixFilePermissions.fromString("r--r--r--"));
    requireMended(Kind.WRONG_MODE);
  }

  @Test
  void aLayerUnderAnotherNameGetsItsOwn() throws IOException {
    Path file = active();
    Files.move(file, file.resolveSibling("renamed.qcow2"));
    DoctorReport seen = look();
    assertThat(kinds(seen)).contains(Kind.WRONG_NAME, Kind.MISSING_LAYER);
    fix();
    assertThat(file).exists();
    assertThat(look().ailments()).isEmpty();
    assertThat(bed.read("d", BLOCK)).isEqualTo(2);
  }

  @Test
  void aCatalogThatLagsBehindIsRebuilt() {
    bed.varve.disks().list("p");
    Path home = root;
    bed.close();
    MemoryCatalog other = new MemoryCatalog();
    bed = new TestBed(home, other, StepHook.NONE);
    bed.varve.pools().rescan(bed.folder);
    other.inTransaction(tx -> {
      tx.layersOfPool(bed.varve.pools().show("p").id()).stream()
          .filter(layer -> layer.parent() != null)
          .forEach(layer -> tx.deleteLayer(layer.id()));
      return true;
    });
    DoctorReport seen = look();
    assertThat(kinds(seen)).contains(Kind.CATALOG_BEHIND);
    assertThat(fix().ailments()).anyMatch(Ailment::mended);
    assertThat(look().ailments()).isEmpty();
    assertThat(bed.read("d", BLOCK)).isEqualTo(2);
  }

  @Test
  void aMissingLayerIsForAPerson() throws IOException {
    Files.move(frozen(), root.resolve("away"));
    requireForAPerson(Kind.MISSING_LAYER);
    assertThat(kinds(look())).contains(Kind.MISSING_BASE);
  }

  @Test
  void strangersAreForAPerson() throws IOException {
    Path out = root.resolve("own.qcow2");
    bed.varve.disks().exportImage(at("d"), out, ExportSpec.of(LayerFormat.QCOW2));
    Files.move(out, bed.folder.resolve("layers").resolve("own.qcow2"));
    Files.writeString(bed.folder.resolve("layers").resolve("notes.txt"), "mine");
    Files.writeString(bed.folder.resolve("readme"), "mine");
    requireForAPerson(Kind.FOREIGN_LAYER);
    requireForAPerson(Kind.STRAY_FILE);
    assertThat(bed.folder.resolve("readme")).exists();
  }

  @Test
  void aCopyIsForAPerson() throws IOException {
    Files.copy(active(), bed.folder.resolve("layers").resolve("copy.qcow2"));
    requireForAPerson(Kind.COPY);
  }

  @Test
  void damageIsForAPerson() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(active().toFile(), "rw")) {
      // The first entry of the L1 table, which the header names at byte 40, leads nowhere.
      file.seek(40);
      long l1 = file.readLong();
      file.seek(l1);
      file.writeLong(0x8000_0000_7fff_0000L);
    }
    requireForAPerson(Kind.CORRUPT);
    Path garbage = frozen();
    Files.setPosixFilePermissions(garbage, PosixFilePermissions.fromString("rw-r--r--"));
    Files.write(garbage, new byte[BLOCK]);
    requireForAPerson(Kind.STRAY_FILE);
  }

  @Test
  void leaksAreGivenBack() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(active().toFile(), "rw")) {
      // A cluster behind all others, counted in the first refcount block.
      file.seek(48);
      long table = file.readLong();
      file.seek(table);
      long block = file.readLong();
      long end = (file.length() + BLOCK - 1) / BLOCK;
      file.seek(block + 2 * end);
      file.writeShort(1);
      file.setLength((end + 1) * BLOCK);
    }
    requireMended(Kind.LEAKS);
  }

  @Test
  void aVerbThatWasCutShortIsFinished() {
    AtomicInteger steps = new AtomicInteger();
    Varve cut =
        bed.again((_, _) -> {
          if (steps.getAndIncrement() == 1) {
            throw new Crash();
          }
        });
    try {
      cut.snapshots().create(at("d"), "s2", SnapshotKindChoice.AUTO);
    } catch (Crash _) {
      assertThat(steps).hasValue(2);
    }
    DoctorReport seen = look();
    assertThat(kinds(seen)).contains(Kind.JOURNAL);
    fix();
    assertThat(look().ailments()).isEmpty();
    assertThat(bed.read("d", BLOCK)).isEqualTo(2);
  }

  @Test
  void anIndexOfNoLayersGoes() throws IOException {
    Path index = Files.createDirectories(bed.folder.resolve("index"));
    Path stale = index.resolve("00000000-0000-0000-0000-000000000007.map");
    Files.writeString(stale, "old");
    requireMended(Kind.STALE_INDEX);
    assertThat(stale).doesNotExist();
  }

  @Test
  void layersInACircleAreFound() throws IOException {
    // Both are written by hand as another program might: each names the other as its base.
    Path a = frozen();
    Path b = active();
    String nameOfB = b.getFileName().toString();
    Files.setPosixFilePermissions(a, PosixFilePermissions.fromString("rw-r--r--"));
    try (var layer =
        Qcow2Layer.open(
            FileStorage.open(a, FileAccess.READ_WRITE, LockMode.WRITER),
            Qcow2Options.readWrite())) {
      var own = layer.identity().orElseThrow();
      layer.setBackingAndIdentity(
          new BackingReference(nameOfB, "qcow2"),
          own.withParent(UUID.fromString(nameOfB.replace(".qcow2", ""))));
    }
    assertThat(kinds(look())).contains(Kind.CYCLE);
    assertThat(kinds(fix())).contains(Kind.CYCLE);
  }

  @Test
  void externalStorageIsLookedAtToo() throws IOException {
    Path place = Files.createDirectories(root.resolve("lun"));
    bed.varve.pools().create(PoolSpec.external("x", place));
    bed.varve.disks().create("x", "e", DiskSpec.of(MIB));
    Files.writeString(place.resolve("readme"), "someone's");
    assertThat(bed.varve.upkeep().doctor("x", new DoctorSpec(true, true)).ailments()).isEmpty();
    Files.delete(bed.varve.disks().show(at("e")).file());
    assertThat(kinds(bed.varve.upkeep().doctor("x", DoctorSpec.LOOK)))
        .containsExactly(Kind.MISSING_LAYER);
  }
}
