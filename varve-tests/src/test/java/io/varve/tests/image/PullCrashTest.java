// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.op.Progress;
import io.varve.image.op.PullOp;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.raw.RawLayer;
import io.varve.image.storage.Storage;
import io.varve.testkit.CrashImage;
import io.varve.testkit.CrashStorage;
import io.varve.testkit.Fault;
import io.varve.testkit.FaultyStorage;
import io.varve.testkit.GuestReader;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// A merge upward (the middle of three layers is pulled into the top), cut at each flush and failed
/// at each call: the disk reads the same at every moment, and pulling again finishes the work.
class PullCrashTest {
  private static final int TORN = 10;

  /// Three layers, the top last, and what the disk reads as.
  private record Disk(
      ImageShape shape,
      SparseBytes base,
      SparseBytes middle,
      SparseBytes top,
      ReferenceDisk reads) {
    static Disk of(ImageShape shape) throws IOException {
      long size = shape.tinyDisk();
      int c = (int) shape.cluster();
      SparseBytes base = new SparseBytes();
      base.write(0, Stamp.data(0, (int) (size / 2), 1));
      Disk disk =
          new Disk(shape, base, new SparseBytes(), new SparseBytes(), new ReferenceDisk(size));
      disk.reads.write(0, Stamp.data(0, (int) (size / 2), 1));
      for (SparseBytes layer : List.of(disk.middle, disk.top)) {
        Qcow2Create.create(SparseStorage.of(layer), shape.options(size));
      }
      try (Chain under = Chain.of(List.of(open(SparseStorage.of(disk.middle)), disk.raw()))) {
        disk.write(under, 2L * c, 5 * c, 2);
        disk.write(under, size / 2 - 700, 1500, 3);
        under.zero(GuestOffset.of(10L * c), 3L * c, io.varve.image.WritableLayer.ZeroMode.UNMAP);
        disk.reads.zero(10L * c, 3L * c);
      }
      try (Chain whole = disk.chain(SparseStorage.of(disk.top))) {
        disk.write(whole, 3L * c + 100, c, 4);
        disk.write(whole, 11L * c, 700, 5);
      }
      return disk;
    }

    private void write(Chain chain, long at, int length, long number) throws IOException {
      chain.write(GuestOffset.of(at), Stamp.data(at, length, number));
      reads.write(at, Stamp.data(at, length, number));
    }

    private static Layer open(Storage storage) throws IOException {
      return Qcow2Layer.open(storage, Qcow2Options.readWrite());
    }

    private Layer raw() throws IOException {
      return RawLayer.open(new SparseStorage("base", base.fork(), true), false);
    }

    /// All three layers, with the top in that storage.
    Chain chain(Storage topStorage) throws IOException {
      return Chain.of(
          List.of(
              open(topStorage),
              Qcow2Layer.open(
                  new SparseStorage("middle", middle.fork(), true), Qcow2Options.readOnly()),
              raw()));
    }

    /// The top right on the base, without the middle.
    Chain merged(Storage topStorage) throws IOException {
      return Chain.of(List.of(open(topStorage), raw()));
    }
  }

  private static GuestReader reader(Chain chain) {
    return (at, dst) -> chain.read(GuestOffset.of(at), dst);
  }

  private static void judge(Disk disk, SparseBytes top, String where) {
    try {
      CheckReport report = Qcow2Check.check(SparseStorage.of(top.fork()), CheckProgress.NONE);
      assertThat(report.sound()).as("%s", report).isTrue();
      try (Chain chain = disk.chain(SparseStorage.of(top))) {
        disk.reads().assertMatches(reader(chain));
        PullOp.pull(chain, 1, Progress.NONE);
        disk.reads().assertMatches(reader(chain));
      }
      try (Chain merged = disk.merged(SparseStorage.of(top))) {
        disk.reads().assertMatches(reader(merged));
      }
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError(disk.shape() + ", " + where + ": " + e.getMessage(), e);
    }
  }

  @ParameterizedTest
  @MethodSource("io.varve.tests.image.LayerCrashTest#shapes")
  void aCutMergeChangesNothingAndGoesOn(ImageShape shape) throws IOException {
    Disk disk = Disk.of(shape);
    CrashStorage storage = new CrashStorage(disk.top().fork());
    try (Chain chain = disk.chain(storage)) {
      PullOp.pull(chain, 1, Progress.NONE);
    }
    storage.images(
        new SplittableRandom(11),
        TORN,
        (CrashImage image) -> judge(disk, image.bytes(), image.toString()));
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void aFailedMergeChangesNothingAndGoesOn(Fault fault) throws IOException {
    Disk disk = Disk.of(new ImageShape(3, 12, 4, false));
    for (int n = 0; ; n++) {
      SparseBytes top = disk.top().fork();
      FaultyStorage storage = new FaultyStorage(SparseStorage.of(top));
      storage.failCall(n, fault, false);
      IOException reported = pullAndClose(disk, storage);
      judge(disk, top, "call %d, reported %s".formatted(n, reported));
      if (!storage.struck()) {
        assertThat(reported).isNull();
        return;
      }
    }
  }

  private static @org.jspecify.annotations.Nullable IOException pullAndClose(
      Disk disk, Storage storage) {
    try (Chain chain = disk.chain(storage)) {
      PullOp.pull(chain, 1, Progress.NONE);
      return null;
    } catch (IOException e) {
      return e;
    }
  }
}
