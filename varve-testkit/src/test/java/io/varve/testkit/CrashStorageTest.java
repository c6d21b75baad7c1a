// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CrashStorageTest {
  private static ByteBuffer sector(int value) {
    byte[] data = new byte[512];
    java.util.Arrays.fill(data, (byte) value);
    return ByteBuffer.wrap(data);
  }

  private static List<CrashImage> images(CrashStorage storage, int torn) {
    List<CrashImage> images = new ArrayList<>();
    storage.images(new SplittableRandom(1), torn, images::add);
    return images;
  }

  @Test
  void whatWasFlushedIsInEveryLaterImage() throws IOException {
    CrashStorage storage = new CrashStorage();
    storage.write(0, sector(1));
    storage.flush();
    CrashPoint flushed = storage.now();
    storage.write(512, sector(2));
    storage.write(1024, sector(3));

    List<CrashImage> later =
        images(storage, 20).stream().filter(i -> i.point().compareTo(flushed) >= 0).toList();
    assertThat(later).isNotEmpty();
    assertThat(later).allSatisfy(i -> assertThat(i.bytes().bytes(0, 1)).containsExactly(1));
  }

  @Test
  void everySubsetOfUnflushedSectorsComesUp() throws IOException {
    CrashStorage storage = new CrashStorage();
    storage.truncate(2048);
    storage.flush();
    storage.write(0, Stamp.data(0, 2048, 1));

    Set<Integer> seen = new HashSet<>();
    for (CrashImage image : images(storage, 300)) {
      if (image.point().epoch() == 1) {
        int mask = 0;
        for (int i = 0; i < 4; i++) {
          mask |= image.bytes().bytes(i * 512L, 1)[0] == 0 ? 0 : 1 << i;
        }
        seen.add(mask);
      }
    }
    assertThat(seen).hasSize(16);
  }

  @Test
  void aLaterWriteCanReachTheDiskWithoutAnEarlierOne() throws IOException {
    CrashStorage storage = new CrashStorage();
    storage.write(0, sector(1));
    storage.write(512, sector(2));

    assertThat(images(storage, 0))
        .anySatisfy(i -> {
          assertThat(i.bytes().bytes(0, 1)).containsExactly(0);
          assertThat(i.bytes().bytes(512, 1)).containsExactly(2);
        });
  }

  @Test
  void anOlderVersionOfASectorCanBeTheLastOnDisk() throws IOException {
    CrashStorage storage = new CrashStorage();
    storage.write(0, sector(1));
    storage.write(0, sector(2));

    Set<Byte> seen = new HashSet<>();
    images(storage, 0).forEach(i -> seen.add(i.bytes().bytes(0, 1)[0]));
    assertThat(seen).containsExactlyInAnyOrder((byte) 0, (byte) 1, (byte) 2);
  }

  @Test
  void imagesAreIndependentOfEachOtherAndOfTheStorage() throws IOException {
    CrashStorage storage = new CrashStorage();
    storage.write(0, sector(1));
    storage.flush();
    List<CrashImage> images = images(storage, 0);
    images.forEach(i -> i.bytes().write(0, sector(9)));

    assertThat(storage.content().bytes(0, 1)).containsExactly(1);
    assertThat(storage.durable().bytes(0, 1)).containsExactly(1);
  }

  @Test
  void aFlushOfNothingIsNoMoment() throws IOException {
    CrashStorage storage = new CrashStorage();
    storage.flush();
    storage.flush();
    assertThat(storage.now()).isEqualTo(CrashPoint.START);
    storage.punch(0, 4096);
    assertThat(storage.now()).isEqualTo(new CrashPoint(0, 1));
    storage.flush();
    assertThat(storage.now()).isEqualTo(new CrashPoint(1, 0));
  }

  /// A store that updates two sectors in place without a flush between them is caught; with the
  /// flush it is not. This is what the crash tests of the image do, in small.
  @SeededTest(5)
  void tellsAMissingFlushFromAPresentOne(RandomGenerator random) throws IOException {
    assertThat(danglingReference(true, random)).isFalse();
    assertThat(danglingReference(false, random)).isTrue();
  }

  private static boolean danglingReference(boolean flushBetween, RandomGenerator random)
      throws IOException {
    CrashStorage storage = new CrashStorage();
    storage.truncate(1024);
    storage.flush();
    storage.write(512, sector(7));
    if (flushBetween) {
      storage.flush();
    }
    storage.write(0, sector(1));
    boolean[] dangling = {false};
    storage.images(
        random,
        10,
        i -> dangling[0] |= i.bytes().bytes(0, 1)[0] == 1 && i.bytes().bytes(512, 1)[0] == 0);
    return dangling[0];
  }

  @Test
  void thousandsOfCutsOfALargeFileAreCheap() throws IOException {
    CrashStorage storage = new CrashStorage();
    for (int i = 0; i < 64; i++) {
      storage.write((long) i << 20, Stamp.data((long) i << 20, 1 << 20, i));
    }
    storage.flush();
    for (int i = 0; i < 300; i++) {
      storage.write(i * 4096L, sector(i));
      storage.flush();
    }
    long[] count = {0};
    storage.images(
        new SplittableRandom(3), 10, image -> count[0] += image.bytes().size() > 0 ? 1 : 0);
    assertThat(count[0]).isGreaterThan(3000);
  }
}
