// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.compress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NoiseTest {
  private final Noise noise = new Noise();

  @ParameterizedTest
  @ValueSource(ints = {1 << 14, 1 << 16, 1 << 21})
  void isTold(int size) {
    for (int seed = 0; seed < 200 && seed * size < 1 << 24; seed++) {
      assertThat(noise.isNoise(random(size, seed))).as("seed %d", seed).isTrue();
    }
  }

  @Test
  void isToldOfWhatIsCompressedAlready() {
    Deflater deflater = new Deflater();
    byte[] text = new byte[1 << 20];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < text.length; i++) {
      text[i] = (byte) ('a' + random.nextInt(26));
    }
    deflater.setInput(text);
    byte[] packed = new byte[1 << 16];
    assertThat(deflater.deflate(packed)).isEqualTo(packed.length);
    deflater.end();

    assertThat(noise.isNoise(packed)).isTrue();
  }

  /// Whatever deflate shortens by more than a tenth must be left to it.
  @Test
  void isNotWhatDeflateShortens() {
    byte[] zeros = new byte[1 << 16];
    assertThat(noise.isNoise(zeros)).isFalse();

    byte[] sevenBits = random(1 << 16, 2);
    byte[] repeating = random(1 << 16, 3);
    byte[] partly = random(1 << 16, 4);
    for (int i = 0; i < sevenBits.length; i++) {
      sevenBits[i] &= 0x7f;
      repeating[i] = repeating[i % 1500];
      partly[i] = i >= 20_000 && i < 28_192 ? (byte) 'x' : partly[i];
    }
    assertThat(noise.isNoise(sevenBits)).isFalse();
    assertThat(noise.isNoise(repeating)).isFalse();
    assertThat(noise.isNoise(partly)).isFalse();
  }

  @Test
  void isNotLookedForInSmallClusters() {
    assertThat(noise.isNoise(random(8192, 5))).isFalse();
  }

  private static byte[] random(int size, long seed) {
    byte[] bytes = new byte[size];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }
}
