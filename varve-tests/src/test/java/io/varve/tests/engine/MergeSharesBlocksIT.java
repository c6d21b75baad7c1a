// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.EngineConfig;
import io.varve.engine.Varve;
import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.DeletePreview;
import io.varve.engine.model.DeletePreview.Direction;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ScratchFileSystem;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On a store that shares blocks a merge, up or down, writes no data: the blocks change their
/// owner.
class MergeSharesBlocksIT {
  private static final Path COUNTERS = Path.of("/proc/self/io");
  private static final int MIB = 1 << 20;
  private static final DiskAddress DISK = DiskAddress.disk("p", "d");

  @TempDir Path folder;

  @Test
  void aMergeMovesNoDataOnXfs() throws IOException {
    Assumptions.assumeTrue(Files.isReadable(COUNTERS), "this kernel counts no bytes");
    try (ScratchFileSystem xfs = ScratchFileSystem.xfs(folder)) {
      Path home = Files.createDirectories(folder.resolve("home"));
      try (Varve varve = Varve.open(EngineConfig.of(home, new MemoryCatalog()))) {
        varve.pools().create(PoolSpec.virtual("p", xfs.root().resolve("pool")));
        varve.disks().create("p", "d", DiskSpec.of(256L * MIB));
        layer(varve, 0, 40, 1);
        layer(varve, 8, 24, 2);
        layer(varve, 30, 48, 3);
        layer(varve, 47, 50, 4);
        byte[] before = read(varve);
        merge(varve, "s2", Direction.UP, 16L * MIB);
        merge(varve, "s3", Direction.DOWN, 3L * MIB);
        assertThat(Arrays.equals(read(varve), before)).isTrue();
        if (QemuTools.installed().isPresent()) {
          QemuTools.require().check(varve.disks().show(DISK).file()).assertClean();
        }
      }
    }
  }

  private static void layer(Varve varve, int fromMib, int toMib, int number) {
    try (DiskSession session = varve.data().open(DISK, true)) {
      for (int at = fromMib; at < toMib; at++) {
        session.write((long) at * MIB, Stamp.data((long) at * MIB, MIB, number));
      }
    }
    varve.snapshots().create(DISK, "s" + number, SnapshotKindChoice.STORAGE);
  }

  private static void merge(Varve varve, String snapshot, Direction direction, long moved)
      throws IOException {
    DeletePreview preview = varve.snapshots().preview(List.of(DISK.at(snapshot)));
    assertThat(preview.steps().getFirst().direction()).isEqualTo(direction);
    assertThat(preview.movedBytes()).isEqualTo(moved);
    varve.snapshots().delete(DISK.at(snapshot));
    long before = written();
    JobView job = varve.jobs().runAll("p").getFirst();
    long written = written() - before;
    assertThat(job.state()).isEqualTo(JobState.DONE);
    assertThat(job.doneBytes()).isEqualTo(preview.movedBytes());
    assertThat(written).as("bytes written to move %d", job.doneBytes()).isLessThan(2 * MIB);
  }

  private static byte[] read(Varve varve) {
    try (DiskSession session = varve.data().open(DISK, false)) {
      ByteBuffer all = ByteBuffer.allocate(64 * MIB);
      session.read(0, all);
      return all.array();
    }
  }

  /// Bytes that this process has handed to the kernel to write or to copy.
  private static long written() throws IOException {
    for (String line : Files.readAllLines(COUNTERS)) {
      if (line.startsWith("wchar:")) {
        return Long.parseLong(line.substring(6).strip());
      }
    }
    throw new AssertionError("no wchar in " + COUNTERS);
  }
}
