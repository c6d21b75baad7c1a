// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.image;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.storage.CountingStorage;
import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.IoCounters;
import io.varve.image.storage.IoCounts;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WriteOrderTest {
  private static final int CLUSTER = 64 << 10;

  /// Where things lie in a new image of 64 KiB clusters.
  private static final long REFCOUNT_BLOCK = 2 * CLUSTER;

  private static final long L1 = 3 * CLUSTER;
  private static final long FIRST_L2 = 4 * CLUSTER;
  private static final long FIRST_DATA = 5 * CLUSTER;

  /// Tells writes (by host offset) and flushes in the order in which they come.
  private static final class Recorder extends ForwardingStorage {
    final List<String> events = new ArrayList<>();
    boolean flushFails;

    Recorder(MemoryStorage inner) {
      super(inner);
    }

    @Override
    public void write(long position, ByteBuffer src) throws IOException {
      events.add("write " + position / CLUSTER);
      super.write(position, src);
    }

    @Override
    public void flush() throws IOException {
      if (flushFails) {
        throw new IOException("the disk is gone");
      }
      events.add("flush");
      super.flush();
    }
  }

  private final Recorder storage = new Recorder(image(Qcow2CreateOptions.ofSize(64 << 20)));

  WriteOrderTest() throws IOException {}

  @Test
  void countsAndDataAreDurableBeforeTheReference() throws IOException {
    try (Qcow2Layer layer = Qcow2Layer.open(storage, Qcow2Options.readWrite())) {
      storage.events.clear();
      fill(layer, 0, CLUSTER, 1);
      layer.flush();

      assertThat(storage.events)
          .containsExactly(
              "write " + FIRST_L2 / CLUSTER,
              "write " + FIRST_DATA / CLUSTER,
              "write " + REFCOUNT_BLOCK / CLUSTER,
              "write " + FIRST_L2 / CLUSTER,
              "flush",
              "write " + L1 / CLUSTER,
              "flush");
    }
  }

  @Test
  void aWriteInPlaceCostsOneWriteAndItsFlushOneFlush() throws IOException {
    try (Qcow2Layer layer = Qcow2Layer.open(storage, Qcow2Options.readWrite())) {
      fill(layer, 0, CLUSTER, 1);
      layer.flush();
      storage.events.clear();
      fill(layer, 4096, 4096, 2);
      layer.flush();

      assertThat(storage.events).containsExactly("write " + FIRST_DATA / CLUSTER, "flush");
    }
  }

  @Test
  void aChangedEntryCostsAtMostFourKibOfMetadata() throws IOException {
    IoCounters counters = new IoCounters();
    try (Qcow2Layer layer =
        Qcow2Layer.open(new CountingStorage(storage, counters), Qcow2Options.readWrite())) {
      fill(layer, 0, CLUSTER, 1);
      layer.flush();
      IoCounts before = counters.snapshot();
      fill(layer, CLUSTER, CLUSTER, 1);
      layer.flush();

      IoCounts cost = counters.snapshot().minus(before);
      // Its cluster was counted ahead, with the first one.
      assertThat(cost.writeBytes()).isEqualTo(CLUSTER + 4096);
      assertThat(cost.flushes()).isEqualTo(1);
    }
  }

  @Test
  void afterAFailedFlushNothingIsWrittenAnyMore() throws IOException {
    Qcow2Layer layer = Qcow2Layer.open(storage, Qcow2Options.readWrite());
    fill(layer, 0, CLUSTER, 1);
    storage.flushFails = true;
    assertThatThrownBy(layer::flush).hasMessageContaining("the disk is gone");
    storage.flushFails = false;
    storage.events.clear();

    assertThatThrownBy(layer::flush).hasMessageContaining("an earlier flush failed");
    assertThatThrownBy(() -> fill(layer, 0, CLUSTER, 2))
        .hasMessageContaining("an earlier flush failed");
    assertThatThrownBy(layer::close).hasMessageContaining("an earlier flush failed");
    assertThat(storage.events).isEmpty();
  }

  @Test
  void creatingAnImageCostsTheSameForEverySize() throws IOException {
    assertThat(createdBytes(1L << 30)).isEqualTo(createdBytes(1L << 40)).isLessThan(2048);
  }

  private static long createdBytes(long size) throws IOException {
    CountingStorage counted = new CountingStorage(new MemoryStorage("image"));
    Qcow2Create.create(counted, Qcow2CreateOptions.ofSize(size));
    return counted.counters().snapshot().writeBytes();
  }
}
