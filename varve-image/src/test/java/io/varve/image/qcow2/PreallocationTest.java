// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import static io.varve.image.qcow2.TestImages.check;
import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.image;
import static io.varve.image.qcow2.TestImages.open;
import static io.varve.image.qcow2.TestImages.pattern;
import static io.varve.image.qcow2.TestImages.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.BackingReference;
import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.Preallocation;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreallocationTest {
  private static final int CLUSTER = 64 << 10;

  @ParameterizedTest
  @CsvSource({"METADATA,9", "METADATA,16", "FALLOC,9", "FALLOC,12", "FULL,16"})
  void givesEveryClusterAPlaceThatItKeeps(Preallocation mode, int clusterBits) throws IOException {
    Qcow2CreateOptions options =
        Qcow2CreateOptions.ofSize((4 << 20) - 512).withClusterBits(clusterBits);
    MemoryStorage storage = image(options.withPreallocation(mode));
    CheckReport made = check(storage);
    assertThat(made.allocatedClusters()).isEqualTo(made.totalClusters());
    assertThat(made.fragmentedClusters()).isZero();
    assertThat(made.leaks() + made.corruptions()).isZero();
    assertThat(storage.size()).isEqualTo(made.imageEndOffset());
    try (Qcow2Layer layer = open(storage)) {
      assertThat(read(layer, 0, 4096)).containsOnly(0);
      fill(layer, 100, 200_000, 7);
      assertThat(read(layer, 99, 200_002)).startsWith(0, 7).endsWith(7, 0);
    }
    assertThat(storage.size()).isEqualTo(made.imageEndOffset());
    assertThat(check(storage).leaks() + check(storage).corruptions()).isZero();
  }

  @Test
  void saysNothingOfTheDataOfSubclusters() throws IOException {
    Qcow2CreateOptions options = Qcow2CreateOptions.ofSize(1 << 20).withExtendedL2(true);
    MemoryStorage storage =
        image(
            options
                .withBacking(new BackingReference("base", "raw"))
                .withPreallocation(Preallocation.METADATA));
    assertThat(check(storage).allocatedClusters()).isEqualTo(16);
    try (Qcow2Layer layer = open(storage)) {
      LayerExtent extent = layer.lookup(GuestOffset.of(0), 1 << 20);
      assertThat(extent.kind()).isEqualTo(ExtentKind.NONE);
      fill(layer, 4096, 2048, 1);
      assertThat(layer.lookup(GuestOffset.of(4096), 4096).length()).isEqualTo(2048);
    }
  }

  @Test
  void isRefusedOverABaseWithoutSubclusters() {
    Qcow2CreateOptions options =
        Qcow2CreateOptions.ofSize(1 << 20)
            .withBacking(new BackingReference("base", "raw"))
            .withPreallocation(Preallocation.FALLOC);
    assertThatThrownBy(() -> image(options))
        .isInstanceOf(UnsupportedImageException.class)
        .hasMessageContaining("Backing file and preallocation");
  }

  /// A base that is longer than its overlay must not show through what the overlay grows by.
  @ParameterizedTest
  @CsvSource({"METADATA", "FALLOC", "FULL"})
  void whatADiskGrowsByIsPreallocatedAndReadsAsZero(Preallocation mode) throws IOException {
    MemoryStorage storage = image(Qcow2CreateOptions.ofSize(5 * CLUSTER + 512));
    Below base = allOnes();
    try (Qcow2Layer layer = open(storage)) {
      fill(layer, 2 * CLUSTER, CLUSTER, 9);
      layer.resize(20 * CLUSTER, base, mode);
      ByteBuffer tail = ByteBuffer.allocate(CLUSTER);
      assertThat(layer.readHeld(GuestOffset.of(5 * CLUSTER + 512), tail)).isEqualTo(CLUSTER - 512);
      assertThat(tail.array()).containsOnly(0);
      assertThat(read(layer, 6 * CLUSTER, 14 * CLUSTER)).isEqualTo(pattern(14 * CLUSTER, 0));
      assertThat(layer.lookup(GuestOffset.of(0), CLUSTER).kind()).isEqualTo(ExtentKind.NONE);
      long before = storage.size();
      fill(layer, 6 * CLUSTER, 14 * CLUSTER, 3);
      layer.flush();
      assertThat(storage.size()).isEqualTo(before);
    }
    CheckReport report = check(storage);
    assertThat(report.allocatedClusters()).isEqualTo(16);
    assertThat(report.leaks() + report.corruptions()).isZero();
  }

  private static Below allOnes() {
    return new Below() {
      @Override
      public void read(GuestOffset at, ByteBuffer dst) {
        while (dst.hasRemaining()) {
          dst.put((byte) 1);
        }
      }

      @Override
      public boolean readsAsZero(GuestOffset at, long length) {
        return false;
      }

      @Override
      public boolean isNothing() {
        return false;
      }
    };
  }
}
