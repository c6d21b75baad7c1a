// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.testkit.CrashPoint;
import io.varve.testkit.CrashStorage;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// A guest flush that writes data and its reference behind one barrier loses nothing that an
/// earlier flush promised: cut at every write.
class OneBarrierCrashTest {
  private static final int CLUSTER = 64 << 10;
  private static final int PART = CLUSTER / 32;
  private static final long SIZE = 64L * CLUSTER;

  private static SparseBytes image(boolean subclusters) throws IOException {
    SparseBytes bytes = new SparseBytes();
    Qcow2Create.create(
        SparseStorage.of(bytes), Qcow2CreateOptions.ofSize(SIZE).withExtendedL2(subclusters));
    return bytes;
  }

  private static Qcow2Layer open(SparseBytes bytes) throws IOException {
    return Qcow2Layer.open(SparseStorage.of(bytes), Qcow2Options.readWrite());
  }

  private static void write(Qcow2Layer layer, ReferenceDisk disk, long at, int length, long number)
      throws IOException {
    layer.write(GuestOffset.of(at), Stamp.data(at, length, number), Below.NOTHING);
    disk.write(at, Stamp.data(at, length, number));
  }

  /// Every file that a crash from `from` on may leave reads as `before` or `after`.
  private static void judge(
      CrashStorage storage,
      CrashPoint from,
      Below base,
      ReferenceDisk before,
      ReferenceDisk after) {
    int[] judged = {0};
    storage.images(
        new SplittableRandom(9),
        40,
        crashed -> {
          if (crashed.point().compareTo(from) <= 0) {
            return;
          }
          judged[0]++;
          try (Qcow2Layer layer = open(crashed.bytes())) {
            AfterCrash.assertSectors(layer, base, List.of(before, after));
          } catch (IOException e) {
            throw new UncheckedIOException(crashed + "\n" + storage.history(), e);
          } catch (AssertionError e) {
            throw new AssertionError(crashed + "\n" + storage.history() + e.getMessage(), e);
          }
        });
    assertThat(judged[0]).isGreaterThan(10);
  }

  @Test
  void whatIsCopiedFromABaseIsThereBeforeTheReference() throws IOException {
    ReferenceDisk disk = new ReferenceDisk(SIZE);
    disk.write(0, Stamp.data(0, (int) SIZE, 1));
    Below base = disk.copy().asBase();
    CrashStorage storage = new CrashStorage(image(false));
    try (Qcow2Layer layer = Qcow2Layer.open(storage, Qcow2Options.readWrite())) {
      // Counts ahead, durably.
      layer.write(GuestOffset.ZERO, Stamp.data(0, CLUSTER, 2), base);
      disk.write(0, Stamp.data(0, CLUSTER, 2));
      layer.flush();
      CrashPoint flushed = storage.now();
      ReferenceDisk before = disk.copy();
      layer.write(GuestOffset.of(5 * CLUSTER + 4096), Stamp.data(7, 512, 3), base);
      disk.write(5 * CLUSTER + 4096, Stamp.data(7, 512, 3));
      layer.flush();
      judge(storage, flushed, base, before, disk);
    }
  }

  @Test
  void whatAPlaceHeldBeforeIsNotSeenAgain() throws IOException {
    SparseBytes bytes = image(true);
    ReferenceDisk disk = new ReferenceDisk(SIZE);
    try (Qcow2Layer layer = open(bytes)) {
      write(layer, disk, 0, CLUSTER, 1);
    }
    CrashStorage storage = new CrashStorage(bytes);
    try (Qcow2Layer layer =
        Qcow2Layer.open(storage, Qcow2Options.readWrite().withPunchFreed(false))) {
      write(layer, disk, 8L * CLUSTER, CLUSTER, 2);
      layer.zero(GuestOffset.of(4L * PART), PART, ZeroMode.UNMAP, Below.NOTHING);
      disk.zero(4L * PART, PART);
      layer.flush();
      CrashPoint flushed = storage.now();
      ReferenceDisk before = disk.copy();
      write(layer, disk, 4L * PART, PART, 3);
      layer.flush();
      judge(storage, flushed, Below.NOTHING, before, disk);
    }
  }

  @Test
  void aWriteToANewPlaceCostsOneFlushAndIsOldOrNewOrZero() throws IOException {
    CrashStorage storage = new CrashStorage(image(true));
    ReferenceDisk disk = new ReferenceDisk(SIZE);
    try (Qcow2Layer layer = Qcow2Layer.open(storage, Qcow2Options.readWrite())) {
      write(layer, disk, 0, CLUSTER, 1);
      layer.flush();
      CrashPoint flushed = storage.now();
      ReferenceDisk before = disk.copy();
      write(layer, disk, 9L * CLUSTER, 2 * PART, 2);
      layer.flush();
      assertThat(storage.now().epoch()).isEqualTo(flushed.epoch() + 1);
      judge(storage, flushed, Below.NOTHING, before, disk);
    }
  }
}
