// SPDX-License-Identifier: Apache-2.0
package io.varve.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.ImageException;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.check.RepairMode;
import io.varve.image.storage.MemoryStorage;
import io.varve.testkit.QemuCheck;
import io.varve.testkit.QemuTools;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Images made by QEMU and then damaged: Varve's check and QEMU's must come to the same verdict.
@Tag("interop")
class Qcow2CheckIT {
  private static final int DAMAGES = Integer.getInteger("varve.damages", 12);

  @TempDir Path folder;

  static Stream<String> options() {
    return Stream.of(
        "compat=0.10,cluster_size=65536",
        "compat=0.10,cluster_size=512",
        "compat=1.1,cluster_size=512,refcount_bits=1",
        "compat=1.1,cluster_size=4096,refcount_bits=16",
        "compat=1.1,cluster_size=65536,refcount_bits=64",
        "compat=1.1,cluster_size=16384,refcount_bits=8,extended_l2=on",
        "compat=1.1,cluster_size=65536,refcount_bits=16,extended_l2=on,compression_type=zstd",
        "compat=1.1,cluster_size=2097152,refcount_bits=2");
  }

  @ParameterizedTest
  @MethodSource("options")
  void aSoundImageIsClean(String options) throws IOException {
    byte[] image = image(options, true);

    CheckReport report = check(image);
    QemuCheck qemu = qemu(image);

    assertThat(report.verdict().exitCode()).as(report + "\n" + qemu).isEqualTo(qemu.exit());
    assertThat(report.verdict()).isEqualTo(CheckReport.Verdict.CLEAN);
    assertSameFigures(report);
  }

  @ParameterizedTest
  @MethodSource("options")
  void aDamagedImageGetsTheVerdictOfQemu(String options) throws IOException {
    byte[] image = image(options, true);
    for (int seed = 0; seed < DAMAGES; seed++) {
      Damage damage = new Damage(image, new SplittableRandom(seed));
      byte[] damaged = damage.apply();
      QemuCheck qemu = qemu(damaged);
      String what =
          options + " seed " + seed + " " + damage.done() + "\n" + beginningOf(qemu.text());
      try {
        CheckReport report = check(damaged);
        assertThat(report.verdict().exitCode()).as(what + "\n" + report).isEqualTo(qemu.exit());
      } catch (ImageException e) {
        assertThat(qemu.exit()).as(what + "\n" + e).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("options")
  void aRepairedImageIsSoundToQemuWhereQemuCanRepairIt(String options) throws IOException {
    // No bitmaps: beside them, a repair by QEMU 10.0 forgets the snapshots.
    byte[] image = image(options, false);
    for (int seed = 0; seed < DAMAGES; seed++) {
      Damage damage = new Damage(image, new SplittableRandom(1000 + seed));
      byte[] damaged = damage.apply();
      RepairMode mode = seed % 4 == 0 ? RepairMode.LEAKS : RepairMode.ALL;
      MemoryStorage storage = MemoryStorage.holding("image", damaged);
      CheckReport report;
      try {
        report = Qcow2Check.repair(storage, mode, CheckProgress.NONE);
      } catch (ImageException e) {
        continue;
      }
      QemuCheck after = qemu(bytesOf(storage));
      QemuCheck qemu = repairedByQemu(damaged, mode == RepairMode.ALL ? "all" : "leaks");
      String what = options + " seed " + seed + " " + mode + " " + damage.done();
      assertThat(report.verdict().exitCode())
          .as(what + "\n" + report + "\n" + beginningOf(after.text()))
          .isEqualTo(after.exit());
      // Where the snapshot table is cut off, QEMU makes empty snapshots of it and frees their data.
      boolean tableGone = ByteBuffer.wrap(damaged).getLong(64) >= damaged.length;
      if (qemu.exit() == 0 && !tableGone) {
        assertThat(after.exit())
            .as(what + "\n" + report + "\n" + beginningOf(qemu.text()))
            .isZero();
      }
    }
  }

  private QemuCheck repairedByQemu(byte[] damaged, String what) throws IOException {
    Path file = folder.resolve("damaged.qcow2");
    Files.write(file, damaged);
    QemuTools.require().repair(file, what);
    return QemuTools.require().check(file);
  }

  private static byte[] bytesOf(MemoryStorage storage) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) storage.size());
    storage.read(0, bytes);
    return bytes.array();
  }

  private static String beginningOf(String text) {
    return text.lines().limit(12).collect(java.util.stream.Collectors.joining("\n"));
  }

  private byte[] image(String options, boolean bitmap) throws IOException {
    QemuTools qemu = QemuTools.require();
    Path file = folder.resolve("image.qcow2");
    Files.deleteIfExists(file);
    qemu.create(file, 8 << 20, options);
    qemu.io(
        file,
        List.of(
            "write -P 1 0 300k",
            "write -P 2 1M 64k",
            "write -c -P 3 2M " + (options.contains("2097152") ? "2M" : "512k")));
    boolean narrow = options.contains("refcount_bits=1,") || options.endsWith("refcount_bits=1");
    if (!narrow) {
      qemu.snapshot(file, "-c", "one");
    }
    List<String> more = new ArrayList<>(List.of("write -P 4 64k 100k", "discard 1M 64k"));
    if (options.contains("compat=1.1")) {
      more.add("write -z 5M 1M");
    }
    qemu.io(file, more);
    if (!narrow) {
      qemu.snapshot(file, "-c", "two");
      qemu.io(file, List.of("write -P 9 4M 10k"));
    }
    if (bitmap && options.contains("compat=1.1")) {
      qemu.img("bitmap", "-f", "qcow2", "--add", file.toString(), "dirty").ok();
      qemu.io(file, List.of("write -P 7 0 10k"));
    }
    return Files.readAllBytes(file);
  }

  private static CheckReport check(byte[] image) throws IOException {
    return Qcow2Check.check(MemoryStorage.holding("image", image), CheckProgress.NONE);
  }

  private QemuCheck qemu(byte[] image) throws IOException {
    Path file = folder.resolve("damaged.qcow2");
    Files.write(file, image);
    return QemuTools.require().check(file);
  }

  private void assertSameFigures(CheckReport report) throws IOException {
    Path file = folder.resolve("damaged.qcow2");
    String json =
        QemuTools.require()
            .img("check", "-f", "qcow2", "--output=json", file.toString())
            .ok()
            .out();
    assertThat(number(json, "image-end-offset")).isEqualTo(report.imageEndOffset());
    assertThat(number(json, "total-clusters")).isEqualTo(report.totalClusters());
    assertThat(number(json, "allocated-clusters")).isEqualTo(report.allocatedClusters());
    assertThat(number(json, "compressed-clusters")).isEqualTo(report.compressedClusters());
    assertThat(number(json, "fragmented-clusters")).isEqualTo(report.fragmentedClusters());
  }

  private static long number(String json, String key) {
    int at = json.indexOf("\"" + key + "\": ");
    return at < 0 ? 0 : Long.parseLong(json.substring(at + key.length() + 4).split("[,\\s]")[0]);
  }

  /// Some random damage to the tables of an image.
  private static final class Damage {
    private final byte[] image;
    private final ByteBuffer bytes;
    private final SplittableRandom random;
    private final int clusterSize;
    private final List<String> done = new ArrayList<>();

    Damage(byte[] sound, SplittableRandom random) {
      this.image = sound.clone();
      this.bytes = ByteBuffer.wrap(image);
      this.random = random;
      this.clusterSize = 1 << bytes.getInt(20);
    }

    List<String> done() {
      return done;
    }

    byte[] apply() {
      for (int i = random.nextInt(1, 3); i > 0; i--) {
        switch (random.nextInt(8)) {
          case 0, 1 -> entry("L1", (int) bytes.getLong(40), bytes.getInt(36));
          case 2, 3, 4 -> l2Entry();
          case 5 -> entry("refcount table", (int) bytes.getLong(48), 1);
          case 6 -> refcount();
          default -> {
            int length = (int) (image.length * random.nextDouble(0.3, 1));
            done.add("cut to " + length);
            java.util.Arrays.fill(image, length, image.length, (byte) 0);
            return java.util.Arrays.copyOf(image, length);
          }
        }
      }
      return image;
    }

    private void l2Entry() {
      int l1 = (int) bytes.getLong(40);
      int table = 0;
      for (int tries = 0; table == 0 && tries < 50; tries++) {
        table = (int) (bytes.getLong(l1 + 8 * random.nextInt(bytes.getInt(36))) & 0xfffffe00L);
      }
      if (table > 0 && table + clusterSize <= image.length) {
        entry("L2", table, clusterSize / 8);
      }
    }

    private void refcount() {
      int block = (int) (bytes.getLong((int) bytes.getLong(48)) & 0xfffffe00L);
      if (block > 0 && block + clusterSize <= image.length) {
        int at = block + random.nextInt(Math.min(clusterSize, 256));
        done.add("refcount byte " + at);
        image[at] ^= (byte) (1 << random.nextInt(8));
      }
    }

    private void entry(String what, int table, int entries) {
      int at = table + 8 * random.nextInt(entries);
      for (int tries = 0; bytes.getLong(at) == 0 && tries < 50; tries++) {
        at = table + 8 * random.nextInt(entries);
      }
      long old = bytes.getLong(at);
      long changed =
          switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> old ^ 1L << random.nextInt(64);
            case 2 -> old ^ 1L << random.nextInt(9, 24);
            case 3 -> old ^ 1L << 63;
            default -> old + clusterSize;
          };
      bytes.putLong(at, changed);
      done.add(what + " at " + at + ": " + Long.toHexString(old) + " " + Long.toHexString(changed));
    }
  }
}
