// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.PoolView;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.image.LayerFormat;
import io.varve.testkit.LoopDevice;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ScratchFileSystem;
import io.varve.testkit.ToolRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Stores that are full, read-only, share blocks, or are a block device.
final class StoreLimitsTest {
  @TempDir Path root;

  private static ProblemCode code(Runnable verb) {
    try {
      verb.run();
    } catch (VarveException e) {
      return e.code();
    }
    throw new AssertionError("it was done");
  }

  @Test
  void losesNothingWhenTheStoreIsFull() throws IOException {
    byte[] bytes = new byte[3 * MIB];
    Arrays.fill(bytes, (byte) 1);
    Path raw = Files.write(root.resolve("image.raw"), bytes);
    try (ScratchFileSystem small = ScratchFileSystem.tmpfs(root, 2 * MIB);
        TestBed bed = new TestBed(small.root()).withPool().withDisk("d", 16 * MIB)) {
      bed.write("d", 0, 1, BLOCK);
      assertThat(code(() -> bed.varve.disks().importImage(POOL, "big", raw, LayerFormat.RAW)))
          .isEqualTo(ProblemCode.NO_SPACE);
      assertThat(bed.layerFiles()).hasSize(1);
      assertThat(code(() -> bed.write("d", MIB, 2, 8 * MIB))).isEqualTo(ProblemCode.NO_SPACE);
      assertThat(code(() -> bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO)))
          .isEqualTo(ProblemCode.NO_SPACE);
      assertThat(bed.layerFiles()).hasSize(1);
      assertThat(bed.read("d", 0)).isEqualTo(1);
      bed.varve.data().discard(at("d"), MIB, 8 * MIB);
      bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
      assertThat(bed.read("d@s", 0)).isEqualTo(1);
    }
  }

  @Test
  void readsAPoolThatCannotBeWritten() throws IOException {
    try (ScratchFileSystem store = ScratchFileSystem.tmpfs(root, 8 * MIB);
        TestBed bed = new TestBed(root.resolve("elsewhere"))) {
      bed.varve.pools().create(PoolSpec.virtual(POOL, store.root().resolve("pool")));
      bed.withDisk("d", MIB);
      bed.write("d", 0, 1, BLOCK);
      bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
      ToolRun.of(List.of("mount", "-o", "remount,ro", store.root().toString())).ok();
      assertThat(bed.read("d", 0)).isEqualTo(1);
      assertThat(bed.read("d@s", 0)).isEqualTo(1);
      assertThat(code(() -> bed.write("d", 0, 2, 512))).isEqualTo(ProblemCode.READ_ONLY);
      assertThat(code(() -> bed.varve.snapshots().create(at("d"), "t", SnapshotKindChoice.AUTO)))
          .isEqualTo(ProblemCode.READ_ONLY);
      assertThat(code(() -> bed.withDisk("e", MIB))).isEqualTo(ProblemCode.READ_ONLY);
      assertThat(code(() -> bed.varve.disks().delete(at("d"), true)))
          .isEqualTo(ProblemCode.READ_ONLY);
      ToolRun.of(List.of("mount", "-o", "remount,rw", store.root().toString())).ok();
      assertThat(bed.tree("d")).containsExactly("s<-", "*p/d<s");
    }
  }

  @Test
  void sharesBlocksOfAFullCloneWhereTheStoreCan() throws IOException {
    try (ScratchFileSystem xfs = ScratchFileSystem.xfs(root);
        TestBed bed = new TestBed(xfs.root()).withPool().withDisk("d", 16 * MIB)) {
      bed.write("d", 0, 1, 8 * MIB);
      PoolView pool = bed.varve.pools().show(POOL);
      assertThat(pool.store()).isNotNull();
      assertThat(pool.store().reflink()).isTrue();
      CloneOutcome clone = bed.varve.clones().full(at("d"), "c", null);
      assertThat(clone.copiedBytes()).isZero();
      assertThat(clone.sharedBytes()).isEqualTo(8 * MIB);
      bed.write("c", 0, 2, BLOCK);
      assertThat(bed.read("d", 0)).isEqualTo(1);
      assertThat(bed.read("c", 0)).isEqualTo(2);
      assertThat(bed.read("c", MIB)).isEqualTo(1);
      assertThat(bed.varve.pools().rescan(POOL).findings()).isEmpty();
      QemuTools.require().check(clone.disk().file()).assertClean();
    }
  }

  @Test
  void keepsOneDiskOnABlockDevice() throws IOException {
    try (LoopDevice device = LoopDevice.require(root.resolve("device.img"), 6 * MIB);
        TestBed bed = new TestBed(root)) {
      bed.varve.pools().create(PoolSpec.external("x", device.path()));
      assertThat(bed.varve.pools().show("x").store().fileSystem()).isEqualTo("block device");
      DiskSpec spec = DiskSpec.of(8 * MIB);
      assertThat(code(() -> bed.varve.disks().create("x", "d", spec)))
          .isEqualTo(ProblemCode.FILE_EXISTS);
      bed.varve.disks().create("x", "d", spec.withFormatDevice(true));
      assertThat(code(() -> bed.varve.disks().create("x", "e", spec.withFormatDevice(true))))
          .isEqualTo(ProblemCode.DISK_EXISTS);
      bed.write("d", 0, 1, BLOCK);
      bed.varve.snapshots().create(at("d"), "s", SnapshotKindChoice.AUTO);
      bed.write("d", 0, 2, BLOCK);
      assertThat(bed.read("d@s", 0)).isEqualTo(1);
      assertThat(code(() -> bed.write("d", 0, 3, 8 * MIB))).isEqualTo(ProblemCode.NO_SPACE);
      bed.varve.snapshots().revert(at("d@s"), null);
      assertThat(bed.read("d", 0)).isEqualTo(1);
      bed.varve.pools().forget("x", true);
      bed.varve.pools().create(PoolSpec.external("x", device.path()));
      assertThat(bed.varve.pools().rescan("x").disks()).isEqualTo(1);
      assertThat(bed.read("d@s", 0)).isEqualTo(1);
      bed.varve.disks().delete(at("d"), true);
      assertThat(device.path()).exists();
    }
  }
}
