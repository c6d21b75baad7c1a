// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.image;
import static io.varve.image.qcow2.TestImages.layer;
import static io.varve.image.qcow2.TestImages.open;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RebaseOpTest {
  private static final int CLUSTER = 64 << 10;
  private static final int MIB = 1 << 20;
  private static final int SIZE = MIB + 512;

  private static byte[] all(Chain chain) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) chain.size());
    chain.read(GuestOffset.ZERO, bytes);
    return bytes.array();
  }

  private static Qcow2Layer top(boolean extended) throws IOException {
    return open(image(Qcow2CreateOptions.ofSize(SIZE).withExtendedL2(extended)));
  }

  private static Chain disk(Qcow2Layer top) throws IOException {
    Qcow2Layer old = layer(MIB / 2 + 1024);
    fill(old, 0, MIB / 2 + 1024, 1);
    Chain disk = Chain.of(List.of(top, old));
    disk.write(GuestOffset.of(CLUSTER + 4096), ByteBuffer.wrap(new byte[] {5, 5}));
    return disk;
  }

  /// What the top layer shows over another base.
  private static byte[] over(Qcow2Layer top, @Nullable Layer base) throws IOException {
    List<Layer> layers = new ArrayList<>(List.of(top));
    if (base != null) {
      layers.add(base);
    }
    return all(Chain.of(layers));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theDiskReadsTheSameOverAnotherBase(boolean extended) throws IOException {
    Qcow2Layer top = top(extended);
    Chain disk = disk(top);
    byte[] before = all(disk);
    Qcow2Layer other = layer(2 * MIB);
    fill(other, 0, 3 * CLUSTER, 1);
    fill(other, MIB / 2, MIB, 7);

    PullResult result = RebaseOp.rebase(disk, Chain.of(List.of(other)), 0, false, Progress.NONE);

    assertThat(over(top, other)).isEqualTo(before);
    // What both bases show alike stays below.
    assertThat(result.copiedBytes()).isLessThanOrEqualTo(SIZE - 3 * CLUSTER);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void withoutABaseEverythingIsInTheTop(boolean compress) throws IOException {
    Qcow2Layer top = top(false);
    Chain disk = disk(top);
    byte[] before = all(disk);

    RebaseOp.rebase(disk, null, 0, compress, Progress.NONE);

    assertThat(over(top, null)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void subclustersSurviveACompressedRebase(boolean compress) throws IOException {
    Qcow2Layer top = top(true);
    Chain disk = disk(top);
    byte[] before = all(disk);

    RebaseOp.rebase(disk, null, 0, compress, Progress.NONE);

    assertThat(over(top, null)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void ofABaseInItsOwnChainOnlyWhatLiesBetweenIsCopied(int depth) throws IOException {
    Qcow2Layer base = layer(SIZE);
    fill(base, 0, SIZE, 1);
    Qcow2Layer middle = layer(MIB / 2);
    fill(middle, CLUSTER, CLUSTER, 2);
    Qcow2Layer top = top(false);
    Chain disk = Chain.of(List.of(top, middle, base));
    byte[] before = all(disk);
    List<Layer> rest = disk.layers().subList(depth, 3);

    PullResult result = RebaseOp.rebase(disk, Chain.of(rest), depth, false, Progress.NONE);

    List<Layer> layers = new ArrayList<>(List.of((Layer) top));
    layers.addAll(rest);
    assertThat(all(Chain.of(layers))).isEqualTo(before);
    assertThat(result.copiedBytes()).isEqualTo(depth == 1 ? 0 : CLUSTER);
  }
}
