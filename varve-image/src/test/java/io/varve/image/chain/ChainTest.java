// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.layer;
import static io.varve.image.qcow2.TestImages.pattern;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChainTest {
  private static final int CLUSTER = 64 << 10;
  private static final int MIB = 1 << 20;

  private static byte[] read(Chain chain, long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    chain.read(GuestOffset.of(at), bytes);
    return bytes.array();
  }

  @Test
  void theUppermostLayerThatHoldsSomethingAnswers() throws IOException {
    Qcow2Layer base = layer(MIB);
    Qcow2Layer middle = layer(MIB);
    fill(base, 0, 3 * CLUSTER, 1);
    fill(middle, CLUSTER, CLUSTER, 2);
    try (Chain chain = Chain.of(List.of(layer(MIB), middle, base))) {
      assertThat(read(chain, 0, CLUSTER)).isEqualTo(pattern(CLUSTER, 1));
      assertThat(read(chain, CLUSTER, CLUSTER)).isEqualTo(pattern(CLUSTER, 2));
      assertThat(read(chain, 2 * CLUSTER, CLUSTER)).isEqualTo(pattern(CLUSTER, 1));
      assertThat(read(chain, 3 * CLUSTER, CLUSTER)).isEqualTo(pattern(CLUSTER, 0));
      assertThat(chain.where(GuestOffset.of(CLUSTER), MIB).depth()).isEqualTo(1);
      assertThat(chain.where(GuestOffset.of(0), MIB).depth()).isEqualTo(2);
      assertThat(chain.where(GuestOffset.of(3 * CLUSTER), 512).kind()).isEqualTo(ExtentKind.NONE);
    }
  }

  @Test
  void aPartialWriteKeepsTheRestOfTheClusterFromTheBase() throws IOException {
    Qcow2Layer base = layer(MIB);
    fill(base, 0, CLUSTER, 7);
    try (Chain chain = Chain.of(List.of(layer(MIB), base))) {
      chain.write(GuestOffset.of(1000), ByteBuffer.wrap(pattern(500, 9)));

      byte[] cluster = read(chain, 0, CLUSTER);
      byte[] expected = pattern(CLUSTER, 7);
      java.util.Arrays.fill(expected, 1000, 1500, (byte) 9);
      assertThat(cluster).isEqualTo(expected);
    }
    assertThat(base.storage().readOnly()).isFalse();
  }

  @Test
  void behindTheEndOfAMiddleLayerItIsZeroAlthoughTheBaseGoesOn() throws IOException {
    Qcow2Layer base = layer(MIB);
    fill(base, 0, MIB, 1);
    Qcow2Layer small = layer(CLUSTER + 512);
    try (Chain chain = Chain.of(List.of(layer(MIB), small, base))) {
      assertThat(read(chain, 0, CLUSTER + 512)).isEqualTo(pattern(CLUSTER + 512, 1));
      assertThat(read(chain, CLUSTER + 512, CLUSTER)).isEqualTo(pattern(CLUSTER, 0));
      assertThat(chain.readsAsZero(GuestOffset.of(2 * CLUSTER), CLUSTER)).isTrue();
    }
  }

  @Test
  void aDiscardHidesTheBaseAndReadsAsZero() throws IOException {
    Qcow2Layer base = layer(MIB);
    fill(base, 0, MIB, 1);
    try (Chain chain = Chain.of(List.of(layer(MIB), base))) {
      chain.discard(GuestOffset.of(CLUSTER), CLUSTER);
      chain.zero(GuestOffset.of(10), 100, ZeroMode.KEEP);

      assertThat(read(chain, CLUSTER, CLUSTER)).isEqualTo(pattern(CLUSTER, 0));
      assertThat(read(chain, 2 * CLUSTER, CLUSTER)).isEqualTo(pattern(CLUSTER, 1));
      assertThat(read(chain, 10, 100)).isEqualTo(pattern(100, 0));
      assertThat(read(chain, 0, 10)).isEqualTo(pattern(10, 1));
    }
  }

  @Test
  void growingOverALongerBaseShowsZerosNotOldData() throws IOException {
    Qcow2Layer base = layer(MIB);
    fill(base, 0, MIB, 1);
    try (Chain chain = Chain.of(List.of(layer(CLUSTER + 512), base))) {
      chain.resize(MIB);

      assertThat(chain.size()).isEqualTo(MIB);
      assertThat(read(chain, 0, CLUSTER + 512)).isEqualTo(pattern(CLUSTER + 512, 1));
      assertThat(read(chain, CLUSTER + 512, MIB - CLUSTER - 512))
          .isEqualTo(pattern(MIB - CLUSTER - 512, 0));
    }
  }

  @Test
  void shrinkingAndGrowingAgainShowsZeros() throws IOException {
    try (Chain chain = Chain.of(List.of(layer(MIB)))) {
      chain.write(GuestOffset.of(0), ByteBuffer.wrap(pattern(MIB, 5)));
      chain.resize(CLUSTER + 512);
      chain.resize(MIB);

      assertThat(read(chain, 0, CLUSTER + 512)).isEqualTo(pattern(CLUSTER + 512, 5));
      assertThat(read(chain, CLUSTER + 512, CLUSTER)).isEqualTo(pattern(CLUSTER, 0));
    }
  }

  @Test
  void rangesOutsideOfTheDiskAreRefused() throws IOException {
    try (Chain chain = Chain.of(List.of(layer(MIB)))) {
      assertThatThrownBy(() -> read(chain, MIB - 1, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("outside the disk of 1048576 bytes");
      assertThatThrownBy(() -> chain.zero(GuestOffset.of(MIB), 1, ZeroMode.KEEP))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
