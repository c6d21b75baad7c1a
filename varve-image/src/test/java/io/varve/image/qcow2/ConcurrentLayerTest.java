// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import static io.varve.image.qcow2.TestImages.check;
import static io.varve.image.qcow2.TestImages.image;
import static io.varve.image.qcow2.TestImages.open;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// Threads that share one layer: each owns a stretch of the disk and checks every read against what
/// it wrote, while others allocate, flush, and take and delete snapshots.
class ConcurrentLayerTest {
  private static final int THREADS = 4;
  private static final int STRETCH = 1 << 20;
  private static final int ROUNDS = 400;

  private final MemoryStorage storage =
      image(Qcow2CreateOptions.ofSize((long) THREADS * STRETCH).withClusterBits(12));

  ConcurrentLayerTest() throws IOException {}

  /// One owner's view of its stretch, and what it does to it.
  private record Owner(Qcow2Layer layer, long start, byte[] expected, Random random) {
    Void run() throws IOException {
      for (int i = 0; i < ROUNDS; i++) {
        int at = random.nextInt(STRETCH - 1);
        int length = 1 + random.nextInt(Math.min(20_000, STRETCH - at));
        switch (random.nextInt(8)) {
          case 0, 1, 2 -> write(at, length);
          case 3 -> zero(at, length);
          case 4 -> layer.flush();
          default -> requireAsExpected(at, length);
        }
      }
      requireAsExpected(0, STRETCH);
      return null;
    }

    private void write(int at, int length) throws IOException {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      layer.write(GuestOffset.of(start + at), ByteBuffer.wrap(bytes), Below.NOTHING);
      System.arraycopy(bytes, 0, expected, at, length);
    }

    private void zero(int at, int length) throws IOException {
      layer.zero(GuestOffset.of(start + at), length, ZeroMode.UNMAP, Below.NOTHING);
      Arrays.fill(expected, at, at + length, (byte) 0);
    }

    private void requireAsExpected(int at, int length) throws IOException {
      byte[] found = TestImages.read(layer, start + at, length);
      int difference = Arrays.mismatch(found, 0, length, expected, at, at + length);
      assertThat(difference).as("first difference from %d on", start + at).isEqualTo(-1);
    }
  }

  @Test
  void eachThreadReadsWhatItWroteWhileSnapshotsComeAndGo() throws Exception {
    try (Qcow2Layer layer = open(storage);
        ExecutorService pool = Executors.newFixedThreadPool(THREADS + 1)) {
      List<Callable<Void>> work = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Owner owner = new Owner(layer, (long) i * STRETCH, new byte[STRETCH], new Random(1000 + i));
        work.add(owner::run);
      }
      work.add(() -> {
        for (int i = 0; i < 10; i++) {
          layer.snapshots().create("s" + i, Instant.EPOCH);
          if (i % 2 == 1) {
            layer.snapshots().delete("s" + (i - 1));
          }
        }
        return null;
      });
      for (Future<Void> done : pool.invokeAll(work)) {
        done.get();
      }
    }
    assertThat(check(storage).corruptions()).isZero();
    assertThat(check(storage).leaks()).isZero();
  }
}
