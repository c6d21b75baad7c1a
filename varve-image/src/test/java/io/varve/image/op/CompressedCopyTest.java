// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import static io.varve.image.qcow2.TestImages.check;
import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.image;
import static io.varve.image.qcow2.TestImages.layer;
import static io.varve.image.qcow2.TestImages.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.UnsupportedImageException;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Compression;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CompressedCopyTest {
  private static final int SIZE = (6 << 20) + 512;

  /// Text that compresses, noise that does not, zeros, holes, and a short last cluster.
  private static Qcow2Layer source() throws IOException {
    Qcow2Layer from = layer(SIZE);
    Random random = new Random(7);
    byte[] text = new byte[2 << 20];
    for (int i = 0; i < text.length; i++) {
      text[i] = (byte) ('a' + random.nextInt(8));
    }
    from.write(GuestOffset.of(4096), ByteBuffer.wrap(text), Below.NOTHING);
    byte[] noise = new byte[300_000];
    random.nextBytes(noise);
    from.write(GuestOffset.of(3 << 20), ByteBuffer.wrap(noise), Below.NOTHING);
    fill(from, SIZE - 512, 512, 3);
    return from;
  }

  static Stream<Qcow2CreateOptions> targets() {
    Qcow2CreateOptions plain = Qcow2CreateOptions.ofSize(SIZE);
    return Stream.of(
        plain,
        plain.withVersion(2),
        plain.withCompression(Compression.ZSTD),
        plain.withClusterBits(12),
        plain.withClusterBits(21).withCompression(Compression.ZSTD),
        plain.withRefcountOrder(0),
        plain.withRefcountOrder(1).withClusterBits(12),
        plain.withExtendedL2(true));
  }

  @ParameterizedTest
  @MethodSource("targets")
  void readsTheSameInLessSpaceAndIsSound(Qcow2CreateOptions options) throws IOException {
    Chain from = Chain.of(List.of(source()));
    MemoryStorage storage = image(options);
    try (Qcow2Layer to = open(storage)) {
      CopyOp.copyCompressed(from, to, 2, Progress.NONE);

      assertThat(CompareOp.firstDifference(from, Chain.of(List.of(to)), Progress.NONE)).isEmpty();
      assertThat(to.usage().dataBytes()).isLessThan(from.size() / 3);
    }
    assertThat(check(storage).corruptions()).isZero();
    assertThat(check(storage).leaks()).isZero();
    assertThat(check(storage).compressedClusters()).isPositive();
  }

  @Test
  void compressedClustersCanBeSnapshottedRewrittenAndFreed() throws IOException {
    Chain from = Chain.of(List.of(source()));
    MemoryStorage storage = image(Qcow2CreateOptions.ofSize(SIZE));
    try (Qcow2Layer to = open(storage)) {
      CopyOp.copyCompressed(from, to, 1, Progress.NONE);
      to.snapshots().create("packed", Instant.EPOCH);
      fill(to, 100_000, 1_000_000, 9);
      Chain snapshot = Chain.of(List.of(to.snapshots().view("packed")));
      assertThat(CompareOp.firstDifference(from, snapshot, Progress.NONE)).isEmpty();
      to.snapshots().delete("packed");
      to.discard(GuestOffset.ZERO, SIZE, Below.NOTHING);
      to.flush();
      assertThat(to.usage().dataBytes()).isZero();
    }
    assertThat(check(storage).corruptions()).isZero();
    assertThat(check(storage).leaks()).isZero();
  }

  @Test
  void zstdNeedsVersion3() {
    Qcow2CreateOptions old =
        Qcow2CreateOptions.ofSize(SIZE).withVersion(2).withCompression(Compression.ZSTD);
    assertThatThrownBy(() -> image(old))
        .isInstanceOf(UnsupportedImageException.class)
        .hasMessageContaining("use version 3");
  }
}
