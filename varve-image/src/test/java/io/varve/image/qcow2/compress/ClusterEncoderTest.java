// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.compress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ClusterEncoderTest {
  private static final int CLUSTER = 64 << 10;

  record Codec(String name, ClusterEncoder encoder, ClusterDecoder decoder) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Codec> codecs() {
    ClusterDecoder deflate = ClusterDecoder.of(0, "image");
    return Stream.of(
        new Codec("system zlib", new DeflateEncoder(CLUSTER), deflate),
        new Codec("portable deflate", new PortableDeflateEncoder(), deflate),
        new Codec("zstd", new ZstdEncoder(), ClusterDecoder.of(1, "image")));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void whatIsEncodedDecodesAlsoWithPaddingBehindIt(Codec codec) throws IOException {
    Random random = new Random(5);
    byte[] packed = new byte[CLUSTER];
    try (ClusterEncoder encoder = codec.encoder()) {
      for (int spread = 1; spread <= 128; spread *= 2) {
        byte[] cluster = new byte[CLUSTER];
        for (int i = 0; i < CLUSTER; i++) {
          cluster[i] = (byte) random.nextInt(spread);
        }
        int length = encoder.encode(cluster, packed);
        assertThat(length).isPositive().isLessThan(CLUSTER);
        byte[] padded = Arrays.copyOf(packed, length + 511);
        assertThat(codec.decoder().decode(padded, CLUSTER, 0)).isEqualTo(cluster);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void noiseIsSaidNotToFit(Codec codec) {
    byte[] noise = new byte[CLUSTER];
    new Random(1).nextBytes(noise);
    try (ClusterEncoder encoder = codec.encoder()) {
      assertThat(encoder.encode(noise, new byte[CLUSTER])).isEqualTo(-1);
    }
  }
}
