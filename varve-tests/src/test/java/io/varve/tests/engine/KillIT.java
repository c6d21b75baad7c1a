// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.catalog.SqliteCatalog;
import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.EngineConfig;
import io.varve.engine.Varve;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.RescanReport;
import io.varve.engine.model.SnapshotView;
import io.varve.testkit.QemuTools;
import io.varve.testkit.SeededTest;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/// A program that runs verbs is killed with SIGKILL at any moment, again and again. The next one
/// recovers: every snapshot reads what it held, the tree fits the files, and QEMU finds leaks at
/// most.
final class KillIT {
  private static final int KILLS = 6;
  private static final int LONGEST_LIFE_MILLIS = 1500;

  @TempDir Path root;

  @SeededTest
  void losesNothingOnVirtualStorage(RandomGenerator random) throws Exception {
    run(PoolKind.VIRTUAL, random);
  }

  @SeededTest
  void losesNothingOnExternalStorage(RandomGenerator random) throws Exception {
    run(PoolKind.EXTERNAL, random);
  }

  private void run(PoolKind kind, RandomGenerator random) throws Exception {
    Path home = Files.createDirectories(root.resolve("home"));
    Path place = Files.createDirectories(root.resolve("pool"));
    try (Varve varve = open(home)) {
      varve.pools().create(new PoolSpec("p", place, kind, PoolSpec.virtual("x", place).profile()));
      varve
          .disks()
          .create("p", "d", DiskSpec.of((long) KilledProgram.BLOCKS * KilledProgram.BLOCK));
    }
    int lastDone = 0;
    for (int i = 0; i < KILLS; i++) {
      lastDone = Math.max(lastDone, live(home, kind, random));
      try (Varve varve = open(home)) {
        requireWhole(varve, kind, place);
      }
    }
    assertThat(lastDone).as("rounds that came to their end").isPositive();
  }

  private static Varve open(Path home) {
    return Varve.open(EngineConfig.of(home, SqliteCatalog.open(home.resolve("catalog.db"))));
  }

  /// Starts the program, kills it, and returns the last round that it had done.
  private static int live(Path home, PoolKind kind, RandomGenerator random) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                KilledProgram.class.getName(),
                home.toString(),
                "p",
                Boolean.toString(kind == PoolKind.VIRTUAL))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = process.inputReader()) {
      // The first line comes when the program is at work; from then on any moment will do.
      String first = out.readLine();
      assertThat(first).startsWith("round");
      int life = random.nextInt(LONGEST_LIFE_MILLIS);
      assertThat(process.waitFor(life, TimeUnit.MILLISECONDS)).as("it ended by itself").isFalse();
      // Through its handle: that leaves its output to be read.
      process.toHandle().destroyForcibly();
      process.waitFor();
      return out.lines()
          .filter(line -> line.startsWith("done "))
          .mapToInt(line -> Integer.parseInt(line.substring(5)))
          .max()
          .orElse(0);
    } finally {
      process.destroyForcibly();
    }
  }

  private static void requireWhole(Varve varve, PoolKind kind, Path place) throws IOException {
    DiskAddress address = DiskAddress.disk("p", "d");
    // Opening the disk lets the journal mend what the dead program left.
    int now = firstByte(varve, address);
    assertThat(now).isNotNegative();
    for (DiskView disk : varve.disks().list("p")) {
      assertThat(disk.problem()).as(disk.name()).isNull();
      DiskAddress own = DiskAddress.disk("p", disk.name());
      firstByte(varve, own);
      for (SnapshotView snapshot : varve.snapshots().list(own)) {
        requireContent(varve, own.at(snapshot.name()));
      }
    }
    if (kind == PoolKind.VIRTUAL) {
      RescanReport report = varve.pools().rescan("p");
      assertThat(report.findings()).isEmpty();
    }
    requireQemuAgrees(kind == PoolKind.VIRTUAL ? place.resolve("layers") : place);
  }

  /// Snapshot `s<k>` holds k in its first block.
  private static void requireContent(Varve varve, DiskAddress snapshot) {
    String name = String.valueOf(snapshot.snapshot());
    int byteNow = firstByte(varve, snapshot);
    if (name.startsWith("s")) {
      int k = Integer.parseInt(name.substring(1));
      assertThat(byteNow).as("%s", snapshot).isEqualTo(k & 0xff);
    }
  }

  /// The value of the first block, the same all over.
  private static int firstByte(Varve varve, DiskAddress source) {
    try (DiskSession session = varve.data().open(source, false)) {
      ByteBuffer block = ByteBuffer.allocate(KilledProgram.BLOCK);
      session.read(0, block);
      byte first = block.get(0);
      if (source.snapshot() != null) {
        assertThat(block.array()).as("%s", source).containsOnly(first);
      }
      return first & 0xff;
    }
  }

  private static void requireQemuAgrees(Path folder) throws IOException {
    QemuTools qemu = QemuTools.require();
    List<Path> images;
    try (Stream<Path> files = Files.list(folder)) {
      images = files.filter(f -> f.toString().endsWith(".qcow2")).toList();
    }
    for (Path image : images) {
      qemu.check(image).assertLeaksAtMost();
    }
  }
}
