// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ClusterSetTest {
  @Test
  void itHoldsWhatATreeOfNumbersHolds() {
    Random random = new Random(11);
    ClusterSet set = new ClusterSet();
    TreeSet<Long> model = new TreeSet<>();
    for (int round = 0; round < 3000; round++) {
      long base = random.nextInt(4) == 0 ? 1L << 40 : 0;
      long first = base + random.nextInt(100_000);
      long count = 1L + (random.nextInt(40) == 0 ? random.nextInt(9000) : random.nextInt(80));
      boolean adds = random.nextInt(3) != 0;
      if (count == 1 && adds) {
        set.add(first);
      } else if (adds) {
        set.add(first, count);
      } else {
        set.remove(first, count);
      }
      for (long c = first; c < first + count; c++) {
        if (adds) {
          model.add(c);
        } else {
          model.remove(c);
        }
      }
      long probe = base + random.nextInt(110_000);
      long length = 1L + random.nextInt(5000);
      Long next = model.ceiling(probe);
      assertThat(set.contains(probe)).isEqualTo(model.contains(probe));
      assertThat(set.first(probe, length))
          .isEqualTo(next == null || next >= probe + length ? -1 : next);
    }
  }

  @Test
  void memoryFollowsTheNumberOfClustersAndNotTheirDistance() {
    ClusterSet set = new ClusterSet();
    for (long i = 0; i < 1 << 20; i++) {
      set.add(i << 20);
    }
    set.add(1L << 50, 1L << 40);

    assertThat(set.contains(777L << 20)).isTrue();
    assertThat(set.contains((777L << 20) + 1)).isFalse();
    assertThat(set.first((1L << 50) - 100, 200)).isEqualTo(1L << 50);
  }
}
