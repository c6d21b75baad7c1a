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

import io.varve.image.Below;
import io.varve.image.UnsupportedImageException;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class VmStateTest {
  private static final int CLUSTER = 64 << 10;
  private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");

  private final MemoryStorage storage = image(Qcow2CreateOptions.ofSize(4 << 20));

  VmStateTest() throws IOException {}

  private static void save(Qcow2Layer layer, String name, int value) throws IOException {
    layer.vmState().write(100, ByteBuffer.wrap(pattern(3 * CLUSTER, value)));
    layer
        .snapshots()
        .take(SnapshotRequest.ofDisk(name, NOON).withVmState(3 * CLUSTER + 100, 5_000_000_000L));
  }

  private static byte[] load(Qcow2Layer layer) throws IOException {
    ByteBuffer state = ByteBuffer.allocate(3 * CLUSTER);
    layer.vmState().read(100, state);
    return state.array();
  }

  @Test
  void movesIntoItsSnapshotAndComesBackWithIt() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      fill(layer, 0, CLUSTER, 1);
      save(layer, "first", 7);
      assertThat(load(layer)).containsOnly(0);
      fill(layer, 0, CLUSTER, 2);
      save(layer, "second", 8);

      layer.snapshots().apply("first");
      assertThat(load(layer)).containsOnly(7);
      assertThat(read(layer, 0, CLUSTER)).containsOnly(1);
      layer.snapshots().apply("second");
      assertThat(load(layer)).containsOnly(8);
      InternalSnapshot second = layer.snapshots().list().getLast();
      assertThat(second.vmStateSize()).isEqualTo(3 * CLUSTER + 100);
      assertThat(second.vmClockNanos()).isEqualTo(5_000_000_000L);
      layer.snapshots().delete("first");
      layer.snapshots().delete("second");
    }
    assertThat(check(storage).leaks() + check(storage).corruptions()).isZero();
  }

  @Test
  void staysInTheSnapshotWhenTheDiskGrowsOverItsPlace() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      save(layer, "saved", 9);
      layer.snapshots().apply("saved");
      layer.resize(1L << 30, Below.NOTHING);
      assertThat(read(layer, 512L << 20, 4 * CLUSTER)).containsOnly(0);
      fill(layer, 512L << 20, 4 * CLUSTER, 3);

      layer.snapshots().apply("saved");
      assertThat(layer.size()).isEqualTo(4 << 20);
      assertThat(load(layer)).containsOnly(9);
    }
    assertThat(check(storage).leaks() + check(storage).corruptions()).isZero();
  }

  @Test
  void readsAsZeroWhereNothingWasSaved() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      assertThat(load(layer)).containsOnly(0);
      assertThatThrownBy(() -> layer.vmState().write(Long.MAX_VALUE - 5, ByteBuffer.allocate(1)))
          .isInstanceOf(UnsupportedImageException.class)
          .hasMessageContaining("32 MiB");
    }
  }
}
