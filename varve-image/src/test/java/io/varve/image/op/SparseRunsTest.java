// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class SparseRunsTest {
  @Test
  void passesOverZerosThatAreLongEnough() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(64 << 10);
    bytes.put(0, (byte) 1).put(40_000, (byte) 1);

    assertThat(runs(bytes, bytes.capacity(), 4096, 0)).containsExactly(4096, -32768, 4096, -24576);
    assertThat(runs(bytes, bytes.capacity(), 65536, 0)).containsExactly(65536);
  }

  @Test
  void takesAShortTailForWhatItIs() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(8192);
    bytes.put(4096 + 515, (byte) 1);

    assertThat(runs(bytes, 4096 + 516, 4096, 0)).containsExactly(-4096, 516);
    assertThat(runs(bytes, 4096 + 515, 4096, 0)).containsExactly(-4611);
  }

  /// Whatever the runs are: zeros are zero, no run of data is without any, and all is covered.
  @RepeatedTest(200)
  void tellsTheTruth(RepetitionInfo repetition) {
    SplittableRandom random = new SplittableRandom(repetition.getCurrentRepetition());
    int length = random.nextInt(1, 100_000);
    ByteBuffer bytes = ByteBuffer.allocateDirect(length);
    for (int i = random.nextInt(20); i > 0; i--) {
      int from = random.nextInt(length);
      int to = Math.min(length, from + random.nextInt(1, 9000));
      for (int at = from; at < to; at++) {
        bytes.put(at, (byte) random.nextInt(0, 3));
      }
    }
    int min = 512 << random.nextInt(8);
    long guest = (long) random.nextInt(100) << 9;
    int at = 0;
    for (int run : runs(bytes, length, min, guest)) {
      assertThat(run).isNotZero();
      boolean zero = ZeroScan.firstData(bytes, at, at + Math.abs(run)) == at + Math.abs(run);
      assertThat(zero).as("at %d: %d", at, run).isEqualTo(run < 0);
      at += Math.abs(run);
    }
    assertThat(at).isEqualTo(length);
  }

  private static List<Integer> runs(ByteBuffer bytes, int length, int min, long guest) {
    SparseRuns runs = new SparseRuns(min, Math.max(512, Integer.highestOneBit(min)));
    runs.reset(bytes, length, guest);
    List<Integer> found = new ArrayList<>();
    int at = 0;
    while (runs.hasNext()) {
      assertThat(runs.position()).isEqualTo(at);
      int run = runs.next();
      found.add(run);
      at += Math.abs(run);
    }
    return found;
  }
}
