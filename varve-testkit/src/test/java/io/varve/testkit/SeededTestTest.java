// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class SeededTestTest {
  private static final List<Long> SEEDS = new ArrayList<>();

  @SeededTest(3)
  void runsAsOftenAsAskedWithConsecutiveSeeds(Seed seed, RandomGenerator random) {
    SEEDS.add(seed.value());
    assertThat(random.nextLong()).isEqualTo(seed.random().nextLong());
    assertThat(seed.random(1).nextLong()).isNotEqualTo(seed.random(2).nextLong());
  }

  @AfterAll
  static void wereConsecutive() {
    for (int i = 1; i < SEEDS.size(); i++) {
      assertThat(SEEDS.get(i)).isEqualTo(SEEDS.get(0) + i);
    }
  }

  @Test
  void opsPrintAsJava() {
    assertThat(GuestOp.text(List.of(new GuestOp.Write(4096, 512, 7), new GuestOp.Flush())))
        .isEqualTo("List.of(\nnew Write(0x1000L, 512, 7L),\nnew Flush())");
  }

  @SeededTest(20)
  void opsStayInsideTheDisk(RandomGenerator random) {
    long size = random.nextLong(1, 5000) * 512;
    GuestOps ops = new GuestOps(random, size, 1 << random.nextInt(9, 22)).withSnapshots();
    for (int i = 0; i < 1000; i++) {
      switch (ops.next()) {
        case GuestOp.Write(long at, int length, long _) -> assertInside(at, length, size);
        case GuestOp.Zero(long at, long length, boolean _) -> assertInside(at, length, size);
        case GuestOp.Discard(long at, long length) -> assertInside(at, length, size);
        default -> {}
      }
    }
  }

  private static void assertInside(long at, long length, long size) {
    assertThat(at).isBetween(0L, size - 1);
    assertThat(length).isBetween(1L, size - at);
  }
}
