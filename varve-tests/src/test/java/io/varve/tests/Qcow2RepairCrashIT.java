// SPDX-License-Identifier: Apache-2.0
package io.varve.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.check.RepairMode;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.testkit.CrashImage;
import io.varve.testkit.CrashStorage;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A repair that is cut off at any moment is finished by the next one, and no guest byte changes.
@Tag("interop")
class Qcow2RepairCrashIT {
  private static final int TORN = 3;

  @TempDir Path folder;
  private SparseBytes sound = new SparseBytes();
  private ReferenceDisk disk = new ReferenceDisk(0);

  @BeforeEach
  void makeImage() throws IOException {
    QemuTools qemu = QemuTools.require();
    Path file = folder.resolve("image.qcow2");
    qemu.create(file, 4 << 20, "compat=1.1,cluster_size=4096,lazy_refcounts=on");
    qemu.io(file, List.of("write -P 1 0 300k", "write -c -P 3 2M 512k"));
    qemu.snapshot(file, "-c", "one");
    qemu.io(file, List.of("write -P 4 64k 100k", "write -z 3M 64k"));
    disk = qemu.read(file, folder);
    sound = SparseBytes.load(file);
  }

  @Test
  void refcountsThatAreBehindAreBroughtUpAfterACrash() throws IOException {
    SparseBytes damaged = dirty();
    long block = getLong(damaged, getLong(damaged, Header.REFCOUNT_TABLE_AT));
    // As a crash with lazy refcounts leaves it: the newest clusters are not counted, others twice.
    damaged.zero(block + 160, 40);
    damaged.write(block + 20, ByteBuffer.wrap(new byte[] {0, 9, 0, 9}));

    requireRepairable(damaged);
  }

  @Test
  void aRefcountStructureIsBuiltAnewAcrossACrash() throws IOException {
    SparseBytes damaged = dirty();
    damaged.zero(getLong(damaged, Header.REFCOUNT_TABLE_AT), 8);

    requireRepairable(damaged);
  }

  private SparseBytes dirty() {
    SparseBytes image = sound.fork();
    long bits = getLong(image, Header.INCOMPATIBLE_AT) | FeatureBits.DIRTY;
    image.write(Header.INCOMPATIBLE_AT, ByteBuffer.allocate(8).putLong(bits).flip());
    return image;
  }

  private void requireRepairable(SparseBytes damaged) throws IOException {
    CrashStorage storage = new CrashStorage(damaged);
    assertThat(check(storage).verdict()).isEqualTo(CheckReport.Verdict.CORRUPT);
    assertThat(repair(storage).verdict()).isEqualTo(CheckReport.Verdict.CLEAN);

    int[] cut = new int[1];
    storage.images(new SplittableRandom(1), TORN, image -> requireRepaired(image, cut[0]++));

    assertThat(cut[0]).isGreaterThan(5);
  }

  private void requireRepaired(CrashImage crash, int number) {
    try {
      SparseStorage storage = SparseStorage.of(crash.bytes());
      boolean dirty = (getLong(crash.bytes(), Header.INCOMPATIBLE_AT) & FeatureBits.DIRTY) != 0;
      assertThat(dirty || check(storage).sound()).as(crash.toString()).isTrue();
      assertThat(repair(storage).verdict())
          .as(crash.toString())
          .isEqualTo(CheckReport.Verdict.CLEAN);
      assertThat(getLong(storage.content(), Header.INCOMPATIBLE_AT) & FeatureBits.DIRTY).isZero();
      if (number % 7 == 0) {
        Path file = folder.resolve("crashed.qcow2");
        Files.deleteIfExists(file);
        storage.content().save(file);
        QemuTools.require().check(file).assertClean();
        QemuTools.require().assertReads(file, disk, folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static CheckReport check(SparseStorage storage) throws IOException {
    return Qcow2Check.check(storage, CheckProgress.NONE);
  }

  private static CheckReport repair(SparseStorage storage) throws IOException {
    return Qcow2Check.repair(storage, RepairMode.ALL, CheckProgress.NONE);
  }

  private static long getLong(SparseBytes bytes, long at) {
    return ByteBuffer.wrap(bytes.bytes(at, 8)).getLong();
  }
}
