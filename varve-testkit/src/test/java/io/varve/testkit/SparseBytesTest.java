// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparseBytesTest {
  @Test
  void holesReadAsZeroAndCostNothing() {
    SparseBytes bytes = new SparseBytes();
    bytes.write(1L << 40, ByteBuffer.wrap(new byte[] {7}));

    assertThat(bytes.size()).isEqualTo((1L << 40) + 1);
    assertThat(bytes.bytes((1L << 40) - 1, 3)).containsExactly(0, 7, 0);
    assertThat(bytes.allocatedBytes()).isEqualTo(SparseBytes.PAGE);
    assertThat(bytes.next(0, true)).isEqualTo(1L << 40);
    assertThat(bytes.next(0, false)).isZero();
  }

  @Test
  void whatIsCutOffDoesNotComeBack() {
    SparseBytes bytes = new SparseBytes();
    bytes.write(0, Stamp.data(0, 10_000, 1));
    bytes.truncate(5000);
    bytes.truncate(10_000);

    assertThat(bytes.bytes(5000, 5000)).containsOnly(0);
    assertThat(bytes.bytes(0, 5000)).isEqualTo(Stamp.data(0, 5000, 1).array());
  }

  @SeededTest(20)
  void agreesWithAPlainArrayThroughForks(RandomGenerator random) {
    List<SparseBytes> sparse = new ArrayList<>(List.of(new SparseBytes()));
    List<byte[]> plain = new ArrayList<>(List.of(new byte[0]));
    for (int step = 0; step < 300; step++) {
      int i = random.nextInt(sparse.size());
      if (random.nextInt(10) == 0 && sparse.size() < 6) {
        sparse.add(sparse.get(i).fork());
        plain.add(plain.get(i).clone());
      }
      plain.set(i, change(sparse.get(i), plain.get(i), random, step));
    }
    for (int i = 0; i < sparse.size(); i++) {
      assertThat(sparse.get(i).size()).isEqualTo(plain.get(i).length);
      assertThat(sparse.get(i).bytes(0, plain.get(i).length)).isEqualTo(plain.get(i));
    }
  }

  private static byte[] change(SparseBytes sparse, byte[] plain, RandomGenerator random, int step) {
    int at = random.nextInt(1 << 17);
    int length = random.nextInt(1, 1 << random.nextInt(1, 17));
    byte[] grown = Arrays.copyOf(plain, Math.max(plain.length, at + length));
    switch (random.nextInt(4)) {
      case 0 -> {
        sparse.zero(at, length);
        Arrays.fill(grown, at, at + length, (byte) 0);
      }
      case 1 -> {
        sparse.truncate(at);
        grown = Arrays.copyOf(plain, at);
      }
      default -> {
        byte[] data = Stamp.data(at, length, step).array();
        sparse.write(at, ByteBuffer.wrap(data));
        System.arraycopy(data, 0, grown, at, length);
      }
    }
    return grown;
  }

  @SeededTest(5)
  void savesAndLoadsTheSameBytes(RandomGenerator random, @TempDir Path folder) throws IOException {
    SparseBytes bytes = new SparseBytes();
    byte[] plain = new byte[0];
    for (int step = 0; step < 20; step++) {
      plain = change(bytes, plain, random, step);
    }
    Path file = folder.resolve("file");
    Files.write(file, new byte[3 << 20]);
    bytes.save(file);

    assertThat(Files.readAllBytes(file)).isEqualTo(plain);
    assertThat(SparseBytes.load(file).bytes(0, plain.length)).isEqualTo(plain);
    assertThat(SparseBytes.load(file).size()).isEqualTo(plain.length);
  }
}
