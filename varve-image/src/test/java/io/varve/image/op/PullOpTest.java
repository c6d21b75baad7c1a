// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.layer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class PullOpTest {
  private static final int CLUSTER = 64 << 10;
  private static final int MIB = 1 << 20;

  private static byte[] all(Chain chain) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) chain.size());
    chain.read(GuestOffset.ZERO, bytes);
    return bytes.array();
  }

  /// Base all 1; the middle holds 2, a zeroed cluster and ends early; the top holds 3.
  private record Layers(Qcow2Layer top, Qcow2Layer middle, Qcow2Layer base) {
    static Layers make() throws IOException {
      Layers layers = new Layers(layer(MIB), layer(MIB / 2 + 512), layer(MIB));
      fill(layers.base, 0, MIB, 1);
      fill(layers.middle, CLUSTER, 2 * CLUSTER + 700, 2);
      layers.middle.zero(
          GuestOffset.of(5 * CLUSTER),
          CLUSTER,
          io.varve.image.WritableLayer.ZeroMode.UNMAP,
          io.varve.image.Below.NOTHING);
      Chain.of(List.of(layers.middle, layers.base))
          .zero(GuestOffset.of(5 * CLUSTER), CLUSTER, io.varve.image.WritableLayer.ZeroMode.UNMAP);
      fill(layers.top, 2 * CLUSTER, CLUSTER, 3);
      return layers;
    }

    Chain chain() {
      return Chain.of(List.of(top, middle, base));
    }

    Chain without() {
      return Chain.of(List.of(top, base));
    }
  }

  @Test
  void theTopReadsTheSameWithoutThePulledLayer() throws IOException {
    Layers layers = Layers.make();
    byte[] before = all(layers.chain());

    PullResult result = PullOp.pull(layers.chain(), 1, Progress.NONE);

    assertThat(Arrays.equals(all(layers.without()), before)).isTrue();
    assertThat(Arrays.equals(all(layers.chain()), before)).isTrue();
    assertThat(result.copiedBytes()).isEqualTo(2 * CLUSTER);
    assertThat(result.zeroedBytes()).isEqualTo(CLUSTER + MIB / 2 - 512);
  }

  @Test
  void pullingAgainMovesNothing() throws IOException {
    Layers layers = Layers.make();
    PullOp.pull(layers.chain(), 1, Progress.NONE);

    PullResult again = PullOp.pull(layers.chain(), 1, Progress.NONE);

    assertThat(again).isEqualTo(new PullResult(0, 0));
  }

  @Test
  void aStoppedPullLeavesTheDiskAsItReadsAndCanBeFinished() throws IOException {
    Layers layers = Layers.make();
    byte[] before = all(layers.chain());
    Progress stop =
        (done, _) -> {
          if (done > 2 * CLUSTER) {
            throw new CancellationException();
          }
        };

    assertThatThrownBy(() -> PullOp.pull(layers.chain(), 1, stop))
        .isInstanceOf(CancellationException.class);
    assertThat(Arrays.equals(all(layers.chain()), before)).isTrue();
    PullOp.pull(layers.chain(), 1, Progress.NONE);
    assertThat(Arrays.equals(all(layers.without()), before)).isTrue();
  }

  @Test
  void pullingAllLayersMakesTheTopStandAlone() throws IOException {
    Layers layers = Layers.make();
    byte[] before = all(layers.chain());

    PullOp.pull(layers.chain(), 2, Progress.NONE);

    assertThat(Arrays.equals(all(Chain.of(List.of(layers.top))), before)).isTrue();
  }

  @Test
  void moreLayersThanThereAreIsAnError() throws IOException {
    Chain chain = Layers.make().chain();
    assertThatThrownBy(() -> PullOp.pull(chain, 3, Progress.NONE))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
