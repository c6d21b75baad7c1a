// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import static io.varve.image.qcow2.TestImages.check;
import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.image;
import static io.varve.image.qcow2.TestImages.open;
import static io.varve.image.qcow2.TestImages.pattern;
import static io.varve.image.qcow2.TestImages.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RefcountGrowthTest {
  private static final int SIZE = 12 << 20;
  private static final int REFCOUNT_TABLE_CLUSTERS_AT = 56;

  /// Clusters of 512 bytes fill refcount blocks, and the table of them, within megabytes.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
  void blocksAndTableGrowWithTheFile(int refcountOrder) throws IOException {
    MemoryStorage storage =
        image(Qcow2CreateOptions.ofSize(SIZE).withClusterBits(9).withRefcountOrder(refcountOrder));
    int tableBefore = tableClusters(storage);
    try (Qcow2Layer layer = open(storage)) {
      for (int at = 0; at < SIZE; at += 1 << 20) {
        fill(layer, at, 1 << 20, 1 + at / (1 << 20));
      }
    }
    try (Qcow2Layer layer = open(storage)) {
      for (int at = 0; at < SIZE; at += 1 << 20) {
        assertThat(read(layer, at, 1 << 20)).isEqualTo(pattern(1 << 20, 1 + at / (1 << 20)));
      }
      CheckReport report = check(storage);
      assertThat(report.corruptions()).isZero();
      assertThat(report.leaks()).isZero();
    }
    if (refcountOrder >= 4) {
      assertThat(tableClusters(storage)).isGreaterThan(tableBefore);
    }
  }

  private static int tableClusters(MemoryStorage storage) throws IOException {
    ByteBuffer field = ByteBuffer.allocate(4);
    storage.read(REFCOUNT_TABLE_CLUSTERS_AT, field);
    return field.getInt(0);
  }
}
