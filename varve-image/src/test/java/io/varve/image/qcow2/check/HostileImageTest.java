// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.varve.image.ImageException;
import io.varve.image.qcow2.check.CheckReport.Verdict;
import io.varve.image.storage.NoSpaceException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Images with random damage anywhere, the header included: a check and a repair answer, whatever
/// they say, and a repair's answer holds.
class HostileImageTest {
  private static final int IMAGES = 1500;
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @Test
  void everyImageGetsAnAnswer() {
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          for (int seed = 0; seed < IMAGES; seed++) {
            checkAndRepair(seed);
          }
        });
  }

  private static void checkAndRepair(int seed) throws Exception {
    SmallImage image = SmallImage.sound();
    damage(image, new SplittableRandom(seed));
    try {
      CheckReport before = image.check();
      CheckReport after = image.repair(RepairMode.ALL);
      if (before.sound()) {
        assertThat(after.verdict()).as("seed " + seed).isEqualTo(Verdict.CLEAN);
      }
      assertThat(image.check().verdict()).as("seed " + seed).isEqualTo(after.verdict());
    } catch (ImageException | NoSpaceException e) {
      assertThat(e.getMessage()).as("seed " + seed).startsWith("small: ");
    }
  }

  private static void damage(SmallImage image, SplittableRandom random) throws Exception {
    for (int i = random.nextInt(1, 5); i > 0; i--) {
      switch (random.nextInt(6)) {
        case 0 -> put(image, random.nextInt(20, 128), random.nextInt());
        case 1 -> put(image, 4 * random.nextInt(5, 28), 1 << random.nextInt(32));
        case 2 -> image.put(SmallImage.L1, word(random));
        case 3 -> image.put(SmallImage.REFCOUNT_TABLE + 8L * random.nextInt(4), word(random));
        case 4 -> image.put(SmallImage.L2 + 8L * random.nextInt(8), word(random));
        default -> image.refcount(random.nextInt(10), random.nextInt(4));
      }
    }
    if (random.nextInt(5) == 0) {
      image.storage().truncate(random.nextLong(1, random.nextBoolean() ? 40_000 : 1L << 44));
    }
  }

  /// An offset near something, with or without strange bits.
  private static long word(SplittableRandom random) {
    long offset = (long) random.nextInt(10) * SmallImage.CLUSTER;
    return switch (random.nextInt(4)) {
      case 0 -> offset;
      case 1 -> offset | SmallImage.COPIED;
      case 2 -> offset | 1L << random.nextInt(64);
      default -> random.nextLong();
    };
  }

  private static void put(SmallImage image, int at, int value) throws Exception {
    image.storage().write(at, ByteBuffer.allocate(4).putInt(value).flip());
  }
}
