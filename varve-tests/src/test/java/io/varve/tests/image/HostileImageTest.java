// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.ImageException;
import io.varve.image.Layer;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.check.RepairMode;
import io.varve.image.storage.Storage;
import io.varve.testkit.GuestOp;
import io.varve.testkit.Seed;
import io.varve.testkit.SeededTest;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Truncated, damaged and malicious images: whatever is done with them ends in data or in an
/// [ImageException], soon, and without memory that the file does not justify.
class HostileImageTest {
  private static final int ROUNDS = 150;
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /// What one image may make this thread allocate in all. The L1 table alone may have 32 MiB, and
  /// several uses read it again.
  private static final long MAX_ALLOCATED = 700L << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  static Stream<ImageShape> shapes() {
    return Stream.of(
        new ImageShape(3, 9, 4, false),
        new ImageShape(2, 12, 4, false),
        new ImageShape(3, 14, 1, true),
        new ImageShape(3, 16, 6, false));
  }

  private static SparseBytes image(ImageShape shape) throws IOException {
    int c = (int) shape.cluster();
    return CrashScene.of(
            shape,
            shape.tinyDisk(),
            null,
            List.of(
                new GuestOp.Write(0, 6 * c, 1),
                new GuestOp.TakeSnapshot("first"),
                new GuestOp.Write(2L * c, 2 * c, 2),
                new GuestOp.Zero(8L * c, c, false),
                new GuestOp.Write(shape.tinyDisk() - 999, 900, 3)))
        .image();
  }

  /// Everything one may try with an image that came from outside.
  private static void use(SparseBytes bytes) {
    attempt(bytes, true, HostileImageTest::readAll);
    attempt(bytes, false, HostileImageTest::readAll);
    attempt(bytes, false, HostileImageTest::changeAll);
    attempt(bytes, storage -> Qcow2Check.check(storage, CheckProgress.NONE));
    attempt(bytes, storage -> Qcow2Check.repair(storage, RepairMode.LEAKS, CheckProgress.NONE));
    attempt(bytes, storage -> Qcow2Check.repair(storage, RepairMode.ALL, CheckProgress.NONE));
  }

  private interface OnStorage {
    void on(Storage storage) throws IOException;
  }

  private interface OnLayer {
    void on(Qcow2Layer layer) throws IOException;
  }

  private static void attempt(SparseBytes bytes, OnStorage use) {
    try {
      use.on(SparseStorage.of(bytes.fork()));
    } catch (ImageException e) {
      assertThat(e.getMessage()).isNotBlank();
    } catch (IOException e) {
      throw new AssertionError("expected an ImageException, got " + e, e);
    }
  }

  private static void attempt(SparseBytes bytes, boolean readOnly, OnLayer use) {
    Qcow2Options options = readOnly ? Qcow2Options.readOnly() : Qcow2Options.readWrite();
    attempt(
        bytes,
        storage -> {
          Qcow2Layer layer = Qcow2Layer.open(storage, options);
          try {
            use.on(layer);
          } finally {
            closeDamaged(layer);
          }
        });
  }

  private static void closeDamaged(Qcow2Layer layer) throws IOException {
    try {
      layer.close();
    } catch (ImageException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  /// Calls `each`; what it refuses does not keep the next from being tried.
  private static void tolerant(OnStorage each, Storage storage) throws IOException {
    try {
      each.on(storage);
    } catch (ImageException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  private static void readAll(Qcow2Layer layer) throws IOException {
    assertThat(layer.info()).isNotNull();
    tolerant(_ -> layer.identity(), layer.storage());
    readSome(layer);
    tolerant(
        _ -> {
          List<InternalSnapshot> snapshots = layer.snapshots().list();
          for (InternalSnapshot each : snapshots.subList(0, Math.min(3, snapshots.size()))) {
            tolerant(_ -> readSome(layer.snapshots().view(each.id())), layer.storage());
          }
        },
        layer.storage());
    if (layer.size() < 1L << 30) {
      tolerant(_ -> layer.usage(), layer.storage());
    }
  }

  private static void readSome(Layer layer) throws IOException {
    long size = layer.size();
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    for (int i = 0; i < 40 && size > 0; i++) {
      long at = Math.min(size - 1, i < 20 ? i * 4096L : size / 40 * i);
      buffer.clear().limit((int) Math.min(buffer.capacity(), size - at));
      tolerant(
          _ -> {
            layer.lookup(GuestOffset.of(at), size - at > 1 << 30 ? 1 << 30 : size - at);
            layer.readHeld(GuestOffset.of(at), buffer);
          },
          layer.storage());
    }
  }

  private static void changeAll(Qcow2Layer layer) throws IOException {
    long size = layer.size();
    Storage storage = layer.storage();
    for (long at : new long[] {0, size / 3, size / 2, Math.max(0, size - 1000)}) {
      int length = (int) Math.min(1000, size - at);
      tolerant(
          _ -> layer.write(GuestOffset.of(at), Stamp.data(at, length, 7), Below.NOTHING), storage);
      tolerant(_ -> layer.discard(GuestOffset.of(at), length, Below.NOTHING), storage);
      tolerant(_ -> layer.flush(), storage);
    }
    // The names may be anything by now.
    for (String name : new String[] {"first", "1"}) {
      try {
        tolerant(_ -> layer.snapshots().apply(name), storage);
        tolerant(_ -> layer.snapshots().delete(name), storage);
      } catch (NoSuchElementException e) {
        assertThat(e).hasMessageContaining(name);
      }
    }
    tolerant(_ -> layer.snapshots().create("new", LayerUnderTest.WHEN), storage);
    tolerant(_ -> layer.resize(size / 512 / 2 * 512, Below.NOTHING), storage);
  }

  private static void useBounded(SparseBytes bytes, String what) {
    try {
      Assertions.assertTimeoutPreemptively(
          LIMIT,
          () -> {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            use(bytes);
            assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
                .as("bytes allocated")
                .isLessThan(MAX_ALLOCATED);
          });
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(what + ": " + e, e);
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void truncatedAtEveryInterestingLength(ImageShape shape) throws IOException {
    SparseBytes whole = image(shape);
    List<Long> lengths = new ArrayList<>();
    for (long length = 0; length <= 112; length += 4) {
      lengths.add(length);
    }
    for (long at = 512; at < whole.size(); at += Math.max(512, shape.cluster())) {
      lengths.addAll(List.of(at - 1, at, at + 8));
    }
    for (long length : lengths) {
      SparseBytes cut = whole.fork();
      cut.truncate(length);
      useBounded(cut, shape + " cut to " + length);
    }
  }

  /// Each field of the header set to values that hurt.
  @ParameterizedTest
  @MethodSource("shapes")
  void withEachHeaderFieldOutOfBounds(ImageShape shape) throws IOException {
    SparseBytes whole = image(shape);
    long[] values = {
      0,
      1,
      0x1ff,
      0x200,
      0x7fff_ffffL,
      0x8000_0000L,
      0xffff_ffffL,
      0x7fff_ffff_ffff_fe00L,
      0x8000_0000_0000_0000L,
      -1L,
      -512L,
      1L << 56,
      (1L << 56) - 512
    };
    for (int at = 0; at < 112; at += 4) {
      for (long value : values) {
        SparseBytes damaged = whole.fork();
        damaged.write(at, ByteBuffer.allocate(4).putInt((int) value).flip());
        useBounded(damaged, "%s, 4 bytes at %d = %#x".formatted(shape, at, value));
        damaged.write(at, ByteBuffer.allocate(8).putLong(value).flip());
        useBounded(damaged, "%s, 8 bytes at %d = %#x".formatted(shape, at, value));
      }
    }
  }

  /// Applied, such a snapshot would make a disk of any size out of nothing.
  @ParameterizedTest
  @MethodSource("shapes")
  void withASnapshotOfADiskThatItsTableCannotMap(ImageShape shape) throws IOException {
    SparseBytes whole = image(shape);
    long entry = ByteBuffer.wrap(whole.bytes(64, 8)).getLong();
    for (long size : new long[] {1L << 40, 1L << 60, Long.MAX_VALUE, -512, Long.MIN_VALUE}) {
      SparseBytes damaged = whole.fork();
      damaged.write(entry + 48, ByteBuffer.allocate(8).putLong(size).flip());
      useBounded(damaged, shape + ", a snapshot of " + size + " bytes");
    }
  }

  @SeededTest(1)
  void withRandomDamageInItsTables(Seed seed) throws IOException {
    List<ImageShape> shapes = shapes().toList();
    for (int round = 0; round < ROUNDS; round++) {
      RandomGenerator random = new SplittableRandom(seed.value() * 1000 + round);
      ImageShape shape = shapes.get(random.nextInt(shapes.size()));
      SparseBytes damaged = image(shape);
      int count = 1 << random.nextInt(6);
      for (int i = 0; i < count; i++) {
        damage(damaged, random);
      }
      useBounded(damaged, shape + ", round " + round);
    }
  }

  private static void damage(SparseBytes bytes, RandomGenerator random) {
    // A place with content: most of it is index, since the data clusters are few.
    long at = bytes.next(random.nextLong(bytes.size()), true) / 8 * 8 + random.nextInt(512) * 8L;
    long word = bytes.size() > at + 8 ? ByteBuffer.wrap(bytes.bytes(at, 8)).getLong() : 0;
    long damaged =
        switch (random.nextInt(5)) {
          case 0 -> word ^ 1L << random.nextInt(64);
          case 1 -> word ^ 1L << 62;
          case 2 -> random.nextLong();
          case 3 -> random.nextLong(bytes.size()) / 512 * 512 | 1L << 63;
          default -> word + 512;
        };
    if (at + 8 <= bytes.size()) {
      bytes.write(at, ByteBuffer.allocate(8).putLong(damaged).flip());
    }
  }
}
