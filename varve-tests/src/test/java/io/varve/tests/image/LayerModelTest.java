// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.BackingReference;
import io.varve.image.Below;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.testkit.GuestOp;
import io.varve.testkit.GuestOps;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SeededTest;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.io.TempDir;

/// Random steps on a layer, compared with the oracle after each; at the end Varve's own check and
/// QEMU agree.
class LayerModelTest {
  private static final int STEPS = 120;

  @SeededTest(20)
  void aLayerReadsAsItsHistorySays(RandomGenerator random, @TempDir Path folder)
      throws IOException {
    run(ImageShape.random(random), null, random, folder);
  }

  @SeededTest(20)
  void anOverlayReadsAsItsHistorySays(RandomGenerator random, @TempDir Path folder)
      throws IOException {
    ImageShape shape = ImageShape.random(random);
    run(shape, base(shape, random), random, folder);
  }

  /// A base that is shorter or longer than the disk, half of it holes.
  private static ReferenceDisk base(ImageShape shape, RandomGenerator random) {
    ReferenceDisk base = new ReferenceDisk(random.nextLong(1, shape.smallDisk() / 512 * 2) * 512);
    GuestOps ops = new GuestOps(random, base.size(), shape.cluster());
    for (int i = 0; i < 40; i++) {
      if (ops.next() instanceof GuestOp.Write(long at, int length, long number)) {
        base.write(at, Stamp.data(at, length, number + 1_000_000));
      }
    }
    return base;
  }

  private static void run(
      ImageShape shape,
      @org.jspecify.annotations.Nullable ReferenceDisk base,
      RandomGenerator random,
      Path folder)
      throws IOException {
    SparseBytes bytes = new SparseBytes();
    long size = shape.smallDisk();
    BackingReference backing = base == null ? null : new BackingReference("base.raw", "raw");
    Qcow2Create.create(SparseStorage.of(bytes), shape.options(size).withBacking(backing));
    ReferenceDisk disk = base == null ? new ReferenceDisk(size) : base.copy();
    disk.resize(size);
    Qcow2Options options =
        Qcow2Options.readWrite().withCacheBytes(random.nextBoolean() ? 1 << 25 : 1 << 14);
    Below below = base == null ? Below.NOTHING : base.asBase();
    LayerUnderTest layer = new LayerUnderTest(SparseStorage.of(bytes), shape, below, disk, options);
    GuestOps ops =
        new GuestOps(random, size, shape.cluster()).withResize(512, size * 3 / 2).withSnapshots();
    List<GuestOp> taken = new ArrayList<>();
    try {
      for (int step = 0; step < STEPS; step++) {
        ops.size(layer.disk().size());
        GuestOp op = ops.next();
        taken.add(op);
        layer.apply(op);
        layer.verify();
        if (step % 20 == 19) {
          layer.verifySnapshots();
          layer.verifyLookup();
        }
      }
      layer.close();
      judge(bytes, layer, base, folder);
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError(shape + "\n" + GuestOp.text(taken) + "\n" + e, e);
    }
  }

  private static void judge(
      SparseBytes bytes,
      LayerUnderTest layer,
      @org.jspecify.annotations.Nullable ReferenceDisk base,
      Path folder)
      throws IOException {
    CheckReport report = Qcow2Check.check(SparseStorage.of(bytes), CheckProgress.NONE);
    assertThat(report.verdict()).as(report.toString()).isEqualTo(CheckReport.Verdict.CLEAN);
    if (QemuTools.installed().isPresent()) {
      QemuTools qemu = QemuTools.require();
      Path image = folder.resolve("image.qcow2");
      bytes.save(image);
      if (base != null) {
        base.save(folder.resolve("base.raw"));
      }
      qemu.check(image).assertClean();
      qemu.assertReads(image, layer.disk(), folder);
      for (var snapshot : layer.snapshots().entrySet()) {
        // qemu-img shows a snapshot at the size that the disk has now.
        ReferenceDisk shown = qemu.readSnapshot(image, snapshot.getKey(), folder);
        long length = Math.min(shown.size(), snapshot.getValue().size());
        snapshot.getValue().assertMatches(shown, 0, length);
      }
    }
  }
}
