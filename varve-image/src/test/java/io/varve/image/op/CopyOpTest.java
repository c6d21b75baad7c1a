// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.layer;
import static io.varve.image.qcow2.TestImages.pattern;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class CopyOpTest {
  private static final int CLUSTER = 64 << 10;
  private static final int SIZE = 9 << 20;

  private static Qcow2Layer source() throws IOException {
    Qcow2Layer from = layer(SIZE);
    fill(from, 100, 3_000_000, 1);
    fill(from, 5 << 20, 4 * CLUSTER, 0);
    fill(from, SIZE - 512, 512, 2);
    return from;
  }

  @Test
  void theCopyReadsTheSameAndHoldsNeitherHolesNorZeros() throws IOException {
    Chain from = Chain.of(List.of(source()));
    Qcow2Layer to = layer(SIZE);

    CopyResult result = CopyOp.copy(from, to, 2, Progress.NONE);

    assertThat(CompareOp.firstDifference(from, Chain.of(List.of(to)), Progress.NONE)).isEmpty();
    assertThat(result.copiedBytes() + result.skippedBytes()).isEqualTo(SIZE);
    assertThat(result.copiedBytes()).isBetween(3_000_000L, 3_000_000L + 4 * CLUSTER);
    assertThat(to.usage().dataBytes()).isLessThanOrEqualTo(3_000_000L + 3 * CLUSTER);
  }

  @Test
  void progressRisesToTheWholeSize() throws IOException {
    List<Long> seen = new ArrayList<>();

    CopyOp.copy(Chain.of(List.of(source())), layer(SIZE), 2, (done, _) -> seen.add(done));

    assertThat(seen).isSorted().last().isEqualTo((long) SIZE);
  }

  @Test
  void progressCanCancel() throws IOException {
    Chain from = Chain.of(List.of(source()));
    Qcow2Layer to = layer(SIZE);

    assertThatThrownBy(() ->
            CopyOp.copy(
                from,
                to,
                2,
                (_, _) -> {
                  throw new CancellationException("enough");
                }))
        .isInstanceOf(CancellationException.class);
  }

  @Test
  void aTargetThatIsTooSmallIsRefused() throws IOException {
    Chain from = Chain.of(List.of(source()));
    Qcow2Layer to = layer(SIZE - 512);
    assertThatThrownBy(() -> CopyOp.copy(from, to, 1, Progress.NONE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theFirstDifferenceIsFoundToTheByte() throws IOException {
    Qcow2Layer left = source();
    Qcow2Layer right = source();
    right.write(GuestOffset.of(2_345_678), ByteBuffer.wrap(pattern(1, 9)), Below.NOTHING);

    assertThat(
            CompareOp.firstDifference(
                Chain.of(List.of(left)), Chain.of(List.of(right)), Progress.NONE))
        .isEqualTo(OptionalLong.of(2_345_678));
  }

  @Test
  void aLongerDiskEqualsAShorterOneOnlyIfTheRestIsZero() throws IOException {
    Qcow2Layer shorter = layer(CLUSTER);
    Qcow2Layer longer = layer(4 * CLUSTER);
    Chain left = Chain.of(List.of(shorter));
    Chain right = Chain.of(List.of(longer));

    assertThat(CompareOp.firstDifference(left, right, Progress.NONE)).isEmpty();
    fill(longer, 3 * CLUSTER, 1, 1);
    assertThat(CompareOp.firstDifference(left, right, Progress.NONE)).hasValue(3L * CLUSTER);
  }
}
