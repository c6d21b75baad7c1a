// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.EngineConfig;
import io.varve.engine.Varve;
import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A storage snapshot costs the same for a disk of any size and content. Bytes are counted, by the
/// kernel: time would tell of the machine.
class RowCreateCostIT {
  private static final Path COUNTERS = Path.of("/proc/self/io");
  private static final int ROUNDS = 3;

  @TempDir Path root;

  @Test
  void aSnapshotOfATebibyteWritesWhatOneOfAGibibyteWrites() throws IOException {
    Assumptions.assumeTrue(Files.isReadable(COUNTERS), "this kernel counts no bytes");
    Path home = Files.createDirectories(root.resolve("home"));
    try (Varve varve = Varve.open(EngineConfig.of(home, new MemoryCatalog()))) {
      varve.pools().create(PoolSpec.virtual("p", root.resolve("pool")));
      long small = cost(varve, "small", 1L << 30, 20);
      long large = cost(varve, "large", 1L << 40, 20);
      long full = cost(varve, "full", 1L << 40, 120);

      assertThat(small).as("the kernel counts").isBetween(1024L, 256L << 10);
      assertThat(large).isEqualTo(small);
      assertThat(full).isEqualTo(small);
    }
  }

  /// Bytes that taking a snapshot writes, on a disk with that many blocks of data: the least of a
  /// few, since the JVM may write at any time.
  private static long cost(Varve varve, String name, long size, int blocks) throws IOException {
    DiskAddress disk = DiskAddress.disk("p", name);
    varve.disks().create("p", name, DiskSpec.of(size));
    long least = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      try (DiskSession session = varve.data().open(disk, true)) {
        for (int i = 0; i < blocks; i++) {
          long at = size / blocks * i / 65536 * 65536;
          session.write(at, Stamp.data(at, 65536, round));
        }
      }
      long before = written();
      varve.snapshots().create(disk, "s" + round, SnapshotKindChoice.STORAGE);
      least = Math.min(least, written() - before);
    }
    return least;
  }

  /// Bytes that this process has handed to write calls.
  private static long written() throws IOException {
    for (String line : Files.readAllLines(COUNTERS)) {
      if (line.startsWith("wchar:")) {
        return Long.parseLong(line.substring(6).strip());
      }
    }
    throw new AssertionError("no wchar in " + COUNTERS);
  }
}
