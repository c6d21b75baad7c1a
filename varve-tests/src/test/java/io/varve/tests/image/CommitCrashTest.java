// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.op.CommitOp;
import io.varve.image.op.Progress;
import io.varve.image.op.Throttle;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.storage.Storage;
import io.varve.testkit.CrashImage;
import io.varve.testkit.CrashStorage;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A commit, and the emptying of the overlay after it, cut at each flush: the disk reads the same
/// at every moment, and doing it again finishes the work.
class CommitCrashTest {
  private static final int TORN = 10;

  private record Disk(ImageShape shape, SparseBytes base, SparseBytes top, ReferenceDisk reads) {
    static Disk of(ImageShape shape) throws IOException {
      long size = shape.tinyDisk();
      int c = (int) shape.cluster();
      Disk disk = new Disk(shape, new SparseBytes(), new SparseBytes(), new ReferenceDisk(size));
      for (SparseBytes layer : List.of(disk.base, disk.top)) {
        Qcow2Create.create(SparseStorage.of(layer), shape.options(size));
      }
      try (Chain under = Chain.of(List.of(open(SparseStorage.of(disk.base))))) {
        disk.write(under, 0, 6 * c, 1);
      }
      try (Chain whole = disk.chain(SparseStorage.of(disk.top), SparseStorage.of(disk.base))) {
        disk.write(whole, c + 100, c, 2);
        disk.write(whole, 8L * c, 2 * c, 3);
        whole.zero(GuestOffset.of(4L * c), c, ZeroMode.UNMAP);
        disk.reads.zero(4L * c, c);
      }
      return disk;
    }

    private void write(Chain chain, long at, int length, long number) throws IOException {
      chain.write(GuestOffset.of(at), Stamp.data(at, length, number));
      reads.write(at, Stamp.data(at, length, number));
    }

    private static Qcow2Layer open(Storage storage) throws IOException {
      return Qcow2Layer.open(storage, Qcow2Options.readWrite());
    }

    Chain chain(Storage topStorage, Storage baseStorage) throws IOException {
      return Chain.of(List.of(open(topStorage), open(baseStorage)));
    }

    /// Commits, and empties the top.
    void commit(Chain chain) throws IOException {
      CommitOp.commit(chain, 1, Throttle.NONE, Progress.NONE);
      ((Qcow2Layer) chain.top()).empty();
    }
  }

  private static void requireSound(SparseBytes image) throws IOException {
    CheckReport report = Qcow2Check.check(SparseStorage.of(image.fork()), CheckProgress.NONE);
    assertThat(report.sound()).as("%s", report).isTrue();
  }

  private static void judge(Disk disk, SparseBytes top, SparseBytes base, String where) {
    try {
      requireSound(top);
      requireSound(base);
      try (Chain chain = disk.chain(SparseStorage.of(top), SparseStorage.of(base))) {
        disk.reads().assertMatches((at, dst) -> chain.read(GuestOffset.of(at), dst));
        disk.commit(chain);
        disk.reads().assertMatches((at, dst) -> chain.read(GuestOffset.of(at), dst));
      }
      try (Chain alone = Chain.of(List.of(Disk.open(SparseStorage.of(base))))) {
        disk.reads().assertMatches((at, dst) -> alone.read(GuestOffset.of(at), dst));
      }
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError(disk.shape() + ", " + where + ": " + e.getMessage(), e);
    }
  }

  @ParameterizedTest
  @MethodSource("io.varve.tests.image.LayerCrashTest#shapes")
  void aCutCommitChangesNothingAndGoesOn(ImageShape shape) throws IOException {
    Disk disk = Disk.of(shape);
    CrashStorage base = new CrashStorage(disk.base().fork());
    try (Chain chain = disk.chain(SparseStorage.of(disk.top().fork()), base)) {
      CommitOp.commit(chain, 1, Throttle.NONE, Progress.NONE);
    }
    base.images(
        new SplittableRandom(3),
        TORN,
        (CrashImage image) -> judge(disk, disk.top().fork(), image.bytes(), "base, " + image));
  }

  @ParameterizedTest
  @MethodSource("io.varve.tests.image.LayerCrashTest#shapes")
  void aCutEmptyingLeavesTheOldOverlayOrAnEmptyOne(ImageShape shape) throws IOException {
    Disk disk = Disk.of(shape);
    SparseBytes base = disk.base().fork();
    CrashStorage top = new CrashStorage(disk.top().fork());
    try (Chain chain = disk.chain(top, SparseStorage.of(base))) {
      disk.commit(chain);
    }
    top.images(
        new SplittableRandom(5),
        TORN,
        (CrashImage image) -> judge(disk, image.bytes(), base.fork(), "top, " + image));
  }
}
