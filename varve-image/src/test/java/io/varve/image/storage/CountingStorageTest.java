// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class CountingStorageTest {
  @Test
  void countsCallsAndBytes() throws IOException {
    CountingStorage storage = new CountingStorage(new MemoryStorage("memory"));
    storage.write(0, ByteBuffer.allocate(10_000));
    storage.zero(0, 100);
    storage.read(5, ByteBuffer.allocate(20));
    storage.read(5, ByteBuffer.allocate(30));
    storage.flush();
    storage.punch(0, 4096);
    IoCounts before = storage.counters().snapshot();
    assertThat(before).isEqualTo(new IoCounts(2, 50, 2, 10_100, 1, 1, 4096));

    storage.flush();
    IoCounts after = storage.counters().snapshot();
    assertThat(after.minus(before)).isEqualTo(new IoCounts(0, 0, 0, 0, 1, 0, 0));
    assertThat(before.plus(after.minus(before))).isEqualTo(after);
    assertThat(after.minus(after)).isEqualTo(IoCounts.NONE);
  }

  @Test
  void doesNotCountWhatFailed() throws IOException {
    CountingStorage storage =
        new CountingStorage(
            new MemoryStorage(
                "memory", new StorageCapabilities(false, false, true, false), 512, 512));
    assertThatThrownBy(() -> storage.write(0, ByteBuffer.allocate(513)))
        .isInstanceOf(NoSpaceException.class);
    assertThat(storage.punch(0, 512)).isFalse();

    assertThat(storage.counters().snapshot()).isEqualTo(IoCounts.NONE);
  }

  @Test
  void sharesItsCountersWhereTold() throws IOException {
    IoCounters counters = new IoCounters();
    new CountingStorage(new MemoryStorage("a"), counters).flush();
    new CountingStorage(new MemoryStorage("b"), counters).flush();

    assertThat(counters.snapshot().flushes()).isEqualTo(2);
  }
}
