// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.ReadOnlyStorageException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every [Storage] must do. Each back end has a test class that extends this one; what a back
/// end cannot do it says in its capabilities, and then it must behave as the interface says for
/// those.
///
/// A storage of fixed size must have [#FIXED_SIZE] bytes, all zero.
public abstract class StorageContract {
  /// Bytes of the storages that cannot grow.
  protected static final int FIXED_SIZE = 8 << 20;

  private static final int LARGE = (3 << 20) + 12345;

  private Storage storage;

  /// A new storage, empty or of [#FIXED_SIZE] zeros.
  protected abstract Storage fresh() throws IOException;

  /// The same content again after `closed` has been closed.
  protected abstract Storage reopen(Storage closed, boolean readOnly) throws IOException;

  @BeforeEach
  void open() throws IOException {
    storage = fresh();
  }

  @AfterEach
  void close() throws IOException {
    storage.close();
  }

  @Test
  void beginsWithZeros() throws IOException {
    assertThat(storage.size()).isEqualTo(fixed() ? FIXED_SIZE : 0);
    assertThat(bytes(0, 100_000)).containsOnly(0);
    assertThat(storage.readOnly()).isFalse();
  }

  @Test
  void readsBackWhatWasWrittenAtAnyPosition() throws IOException {
    storage.write(1001, Stamp.data(1001, LARGE, 1));

    assertThat(bytes(1001, LARGE)).isEqualTo(Stamp.data(1001, LARGE, 1).array());
    assertThat(bytes(0, 1001)).containsOnly(0);
    assertThat(bytes(1001 + LARGE, 5000)).containsOnly(0);
  }

  @Test
  void takesDirectReadOnlyAndSlicedBuffers() throws IOException {
    byte[] data = Stamp.data(0, LARGE, 2).array();
    ByteBuffer direct = ByteBuffer.allocateDirect(LARGE).put(data).flip();
    storage.write(7, direct.asReadOnlyBuffer());
    assertThat(direct.remaining()).isEqualTo(LARGE);
    ByteBuffer back = ByteBuffer.allocateDirect(LARGE + 20).position(10).slice();
    storage.read(7, back.limit(LARGE));
    assertThat(back.hasRemaining()).isFalse();
    assertThat(back.flip()).isEqualTo(ByteBuffer.wrap(data));

    storage.write(3, ByteBuffer.wrap(data, 100, 50).slice().asReadOnlyBuffer());
    ByteBuffer part = ByteBuffer.allocate(300).position(200).limit(250);
    storage.read(3, part);
    assertThat(part.position()).isEqualTo(250);
    assertThat(Arrays.copyOfRange(part.array(), 200, 250))
        .isEqualTo(Arrays.copyOfRange(data, 100, 150));
    assertThat(Arrays.copyOfRange(part.array(), 250, 300)).containsOnly(0);
  }

  @Test
  void overwritesTheSource() throws IOException {
    storage.write(0, Stamp.data(0, 8192, 1));
    storage.write(4000, Stamp.data(4000, 100, 2));

    assertThat(bytes(0, 4000)).isEqualTo(Stamp.data(0, 4000, 1).array());
    assertThat(bytes(4000, 100)).isEqualTo(Stamp.data(4000, 100, 2).array());
    assertThat(bytes(4100, 4092)).isEqualTo(Stamp.data(4100, 4092, 1).array());
  }

  @Test
  void readsZerosPastTheEnd() throws IOException {
    storage.write(0, Stamp.data(0, 1000, 1));

    assertThat(bytes(500, 500)).isEqualTo(Stamp.data(500, 500, 1).array());
    assertThat(bytes(1000, 700_000)).containsOnly(0);
    assertThat(bytes(1L << 40, 5000)).containsOnly(0);
    assertThat(storage.size()).isEqualTo(fixed() ? FIXED_SIZE : 1000);
  }

  @Test
  void growsWithWrites() throws IOException {
    assumeFalse(fixed());
    storage.write(1_000_000, Stamp.data(0, 10, 1));
    assertThat(storage.size()).isEqualTo(1_000_010);

    storage.write(5, Stamp.data(0, 10, 1));
    assertThat(storage.size()).isEqualTo(1_000_010);
  }

  @Test
  void doesNothingForEmptyRanges() throws IOException {
    storage.write(0, Stamp.data(0, 1000, 1));
    long size = storage.size();
    storage.write(100, ByteBuffer.allocate(0));
    storage.write(5000, ByteBuffer.allocate(0));
    storage.zero(5000, 0);
    storage.punch(100, 0);

    assertThat(storage.size()).isEqualTo(size);
    assertThat(bytes(0, 1000)).isEqualTo(Stamp.data(0, 1000, 1).array());
  }

  @Test
  void cutsAndGrowsWithZeros() throws IOException {
    assumeFalse(fixed());
    storage.write(0, Stamp.data(0, 20_000, 1));
    storage.truncate(9_001);
    assertThat(storage.size()).isEqualTo(9_001);
    storage.truncate(1L << 33);

    assertThat(storage.size()).isEqualTo(1L << 33);
    assertThat(bytes(0, 9_001)).isEqualTo(Stamp.data(0, 9_001, 1).array());
    assertThat(bytes(9_001, 20_000)).containsOnly(0);
    storage.truncate(0);
    assertThat(storage.size()).isZero();
    assertThat(storage.nextData(0)).isNull();
  }

  @Test
  void refusesToGrowWhereItsSizeIsFixed() throws IOException {
    assumeTrue(fixed());
    byte[] before = Stamp.data(0, 4096, 1).array();
    storage.write(FIXED_SIZE - 4096, ByteBuffer.wrap(before));

    assertNoSpace(() -> storage.write(FIXED_SIZE - 4096, ByteBuffer.allocate(4097)));
    assertNoSpace(() -> storage.zero(FIXED_SIZE - 4096, 4097));
    assertNoSpace(() -> storage.truncate(FIXED_SIZE + 1));
    storage.truncate(0);
    assertThat(storage.size()).isEqualTo(FIXED_SIZE);
    assertThat(bytes(FIXED_SIZE - 4096, 4096)).isEqualTo(before);
  }

  @Test
  void punchesAnyRangeToZerosAndKeepsItsSize() throws IOException {
    storage.write(0, Stamp.data(0, 1 << 20, 1));
    storage.flush();
    long before = storage.allocatedBytes();
    long size = storage.size();
    boolean punched = storage.punch(10_001, 700_003);

    assertThat(punched).isEqualTo(storage.capabilities().punch());
    assertThat(storage.size()).isEqualTo(size);
    assertThat(bytes(0, 10_001)).isEqualTo(Stamp.data(0, 10_001, 1).array());
    assertThat(bytes(710_004, 338_572)).isEqualTo(Stamp.data(710_004, 338_572, 1).array());
    if (!punched) {
      assertThat(bytes(0, 1 << 20)).isEqualTo(Stamp.data(0, 1 << 20, 1).array());
      return;
    }
    assertThat(bytes(10_001, 700_003)).containsOnly(0);
    if (!fixed()) {
      assertThat(storage.allocatedBytes()).isBetween(before - 704_512, before - 600_000);
    }
  }

  @Test
  void punchesInsideOneBlockAndPastTheEnd() throws IOException {
    assumeTrue(storage.capabilities().punch());
    storage.write(0, Stamp.data(0, 10_000, 1));
    long size = storage.size();
    assertThat(storage.punch(100, 50)).isTrue();
    assertThat(storage.punch(9_000, 1L << 32)).isTrue();
    assertThat(storage.punch(1L << 33, 1 << 20)).isTrue();

    assertThat(storage.size()).isEqualTo(size);
    assertThat(bytes(0, 100)).isEqualTo(Stamp.data(0, 100, 1).array());
    assertThat(bytes(100, 50)).containsOnly(0);
    assertThat(bytes(150, 8_850)).isEqualTo(Stamp.data(150, 8_850, 1).array());
    assertThat(bytes(9_000, 100_000)).containsOnly(0);
  }

  @Test
  void zeroesAnyRange() throws IOException {
    storage.write(0, Stamp.data(0, 1 << 20, 1));
    storage.zero(3, 5);
    storage.zero(100_001, 500_001);

    assertThat(bytes(3, 5)).containsOnly(0);
    assertThat(bytes(8, 99_993)).isEqualTo(Stamp.data(8, 99_993, 1).array());
    assertThat(bytes(100_001, 500_001)).containsOnly(0);
    assertThat(bytes(600_002, 1000)).isEqualTo(Stamp.data(600_002, 1000, 1).array());
  }

  @Test
  void growsWithZeros() throws IOException {
    assumeFalse(fixed());
    storage.write(0, Stamp.data(0, 1000, 1));
    storage.zero(500, 100_000);
    assertThat(storage.size()).isEqualTo(100_500);
    storage.zero(200_000, 10);
    assertThat(storage.size()).isEqualTo(200_010);
    storage.zero(300_000, 1 << 20);
    assertThat(storage.size()).isEqualTo(300_000 + (1 << 20));

    assertThat(bytes(0, 500)).isEqualTo(Stamp.data(0, 500, 1).array());
    assertThat(bytes(500, 1_400_000)).containsOnly(0);
  }

  @Test
  void findsData() throws IOException {
    assertThat(storage.nextData(fixed() ? FIXED_SIZE : 0)).isNull();
    storage.write(2 << 20, Stamp.data(0, 65_536, 1));
    storage.write(5 << 20, Stamp.data(0, 65_536, 1));
    storage.flush();
    Storage.@Nullable DataRange first = storage.nextData(0);
    assertThat(first).isNotNull();

    if (storage.capabilities().sparse()) {
      assertThat(first).isEqualTo(new Storage.DataRange(2 << 20, 65_536));
      assertThat(storage.nextData((2 << 20) + 4096))
          .isEqualTo(new Storage.DataRange((2 << 20) + 4096, 61_440));
      assertThat(storage.nextData(3 << 20)).isEqualTo(new Storage.DataRange(5 << 20, 65_536));
    } else {
      assertThat(first).isEqualTo(new Storage.DataRange(0, storage.size()));
    }
    assertThat(storage.nextData(storage.size())).isNull();
    assertThat(storage.nextData(1L << 40)).isNull();
  }

  @Test
  void keepsItsContentOverCloseAndReopen() throws IOException {
    storage.write(512, Stamp.data(512, LARGE, 1));
    storage.flush();
    storage.close();
    storage = reopen(storage, false);

    assertThat(storage.size()).isEqualTo(fixed() ? FIXED_SIZE : 512 + LARGE);
    assertThat(bytes(512, LARGE)).isEqualTo(Stamp.data(512, LARGE, 1).array());
  }

  @Test
  void changesNothingWhenOpenedReadOnly() throws IOException {
    storage.write(0, Stamp.data(0, 8192, 1));
    storage.close();
    storage = reopen(storage, true);

    assertThat(storage.readOnly()).isTrue();
    assertReadOnly(() -> storage.write(0, ByteBuffer.allocate(512)));
    assertReadOnly(() -> storage.zero(0, 512));
    assertReadOnly(() -> storage.punch(0, 8192));
    assertReadOnly(() -> storage.truncate(0));
    storage.flush();
    assertThat(bytes(0, 8192)).isEqualTo(Stamp.data(0, 8192, 1).array());
  }

  @Test
  void refusesEverythingAfterClose() throws IOException {
    storage.close();
    storage.close();

    assertClosed(() -> storage.size());
    assertClosed(() -> storage.read(0, ByteBuffer.allocate(512)));
    assertClosed(() -> storage.write(0, ByteBuffer.allocate(512)));
    assertClosed(() -> storage.zero(0, 512));
    assertClosed(() -> storage.zero(0, 1 << 20));
    assertClosed(() -> storage.punch(0, 1 << 20));
    assertClosed(() -> storage.truncate(FIXED_SIZE));
    assertClosed(() -> storage.allocatedBytes());
    assertClosed(() -> storage.nextData(0));
    assertClosed(() -> storage.flush());
  }

  @Test
  void servesManyThreadsAtOnce() throws Exception {
    int threads = 4;
    int share = 1 << 20;
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      Future<?>[] tasks = new Future<?>[threads];
      for (int t = 0; t < threads; t++) {
        long base = (long) t * share;
        tasks[t] =
            pool.submit(() -> {
              for (int i = 0; i < 200; i++) {
                long at = base + i * 4999L;
                storage.write(at, Stamp.data(at, 4999, i));
                assertThat(bytes(at, 4999)).isEqualTo(Stamp.data(at, 4999, i).array());
              }
              return null;
            });
      }
      for (Future<?> task : tasks) {
        task.get();
      }
    }
    for (int t = 0; t < threads; t++) {
      long at = (long) t * share + 77 * 4999L;
      assertThat(bytes(at, 4999)).isEqualTo(Stamp.data(at, 4999, 77).array());
    }
  }

  @Test
  void closesUnderRunningCalls() throws Exception {
    storage.write(0, Stamp.data(0, 1 << 20, 1));
    byte[] expected = Stamp.data(0, 1 << 20, 1).array();
    CountDownLatch running = new CountDownLatch(2);
    try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
      Future<?>[] readers = new Future<?>[2];
      for (int i = 0; i < readers.length; i++) {
        readers[i] =
            pool.submit(() -> {
              for (boolean first = true; ; first = false) {
                assertThat(bytes(0, 1 << 20)).isEqualTo(expected);
                if (first) {
                  running.countDown();
                }
              }
            });
      }
      running.await();
      storage.close();
      for (Future<?> reader : readers) {
        assertThatThrownBy(reader::get).hasCauseInstanceOf(ClosedChannelException.class);
      }
    }
  }

  @SeededTest(5)
  void agreesWithAnArray(RandomGenerator random) throws IOException {
    byte[] expected = new byte[FIXED_SIZE];
    for (int i = 0; i < 150; i++) {
      int at = random.nextInt(FIXED_SIZE - 1);
      int length = random.nextInt(1, Math.min(FIXED_SIZE - at, 1 << random.nextInt(1, 20)) + 1);
      switch (random.nextInt(6)) {
        case 0, 1, 2 -> {
          byte[] data = Stamp.data(at, length, i).array();
          storage.write(at, ByteBuffer.wrap(data));
          System.arraycopy(data, 0, expected, at, length);
        }
        case 3 -> {
          if (storage.punch(at, length)) {
            Arrays.fill(expected, at, at + length, (byte) 0);
          }
        }
        case 4 -> {
          storage.zero(at, length);
          Arrays.fill(expected, at, at + length, (byte) 0);
        }
        default -> {
          long cut = Math.max(at, storage.size() - 100_000);
          storage.truncate(cut);
          if (!fixed()) {
            Arrays.fill(expected, (int) Math.min(cut, FIXED_SIZE), FIXED_SIZE, (byte) 0);
          }
        }
      }
    }
    assertThat(Arrays.mismatch(bytes(0, FIXED_SIZE), expected)).isEqualTo(-1);
    assertHolesAreZero(expected);
  }

  /// Whatever is not reported as data must be zero.
  private void assertHolesAreZero(byte[] expected) throws IOException {
    int at = 0;
    while (at < FIXED_SIZE) {
      Storage.@Nullable DataRange data = storage.nextData(at);
      int start = data == null ? FIXED_SIZE : (int) Math.min(FIXED_SIZE, data.position());
      for (int i = at; i < start; i++) {
        assertThat(expected[i]).as("byte %d of a hole", i).isZero();
      }
      if (data == null) {
        return;
      }
      assertThat(data.length()).isPositive();
      at = (int) Math.min(FIXED_SIZE, data.position() + data.length());
    }
  }

  private byte[] bytes(long position, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    // Not zero before: a read that leaves bytes alone must not look like one of zeros.
    Arrays.fill(buffer.array(), (byte) 0x5a);
    storage.read(position, buffer);
    assertThat(buffer.hasRemaining()).isFalse();
    return buffer.array();
  }

  private boolean fixed() {
    return storage.capabilities().fixedSize();
  }

  private void assertNoSpace(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(NoSpaceException.class)
        .hasMessageStartingWith(storage.name());
  }

  private void assertReadOnly(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(ReadOnlyStorageException.class)
        .hasMessageStartingWith(storage.name());
  }

  private static void assertClosed(ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(ClosedChannelException.class);
  }
}
