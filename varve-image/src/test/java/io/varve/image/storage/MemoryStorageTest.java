// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class MemoryStorageTest {
  private static final StorageCapabilities ALL = new StorageCapabilities(true, false, false, true);

  @Test
  void isFullAtItsLimitAndHasRoomAgainAfterAPunch() throws IOException {
    MemoryStorage storage = new MemoryStorage("memory", ALL, 0, 3 * 4096);
    storage.write(0, ByteBuffer.allocate(2 * 4096));
    assertThatThrownBy(() -> storage.write(4096, ByteBuffer.allocate(3 * 4096)))
        .isInstanceOf(NoSpaceException.class)
        .hasMessage("memory: write of 12288 bytes at 0x1000: no space left");
    assertThat(storage.size()).isEqualTo(2 * 4096);

    storage.write(100, ByteBuffer.allocate(4096));
    storage.punch(0, 4096);
    storage.write(4096, ByteBuffer.allocate(2 * 4096));
    assertThat(storage.allocatedBytes()).isEqualTo(2 * 4096);
  }

  @Test
  void countsAZeroAgainstTheLimitOnlyWhereItMustWrite() throws IOException {
    MemoryStorage punches = new MemoryStorage("memory", ALL, 0, 4096);
    punches.zero(0, 1 << 20);
    assertThat(punches.size()).isEqualTo(1 << 20);

    StorageCapabilities plain = new StorageCapabilities(false, false, false, false);
    MemoryStorage writes = new MemoryStorage("memory", plain, 0, 4096);
    assertThatThrownBy(() -> writes.zero(0, 1 << 20)).isInstanceOf(NoSpaceException.class);
  }

  @Test
  void copiesApartAndReopensTogether() throws IOException {
    MemoryStorage storage = MemoryStorage.holding("a", new byte[] {1, 2, 3});
    MemoryStorage copy = storage.copy("b");
    MemoryStorage again = storage.reopen(false);
    storage.write(0, ByteBuffer.wrap(new byte[] {9}));
    storage.close();

    assertThat(copy.toByteArray()).containsExactly(1, 2, 3);
    assertThat(again.toByteArray()).containsExactly(9, 2, 3);
    assertThat(copy.name()).isEqualTo("b");
  }

  @Test
  void holdsFarMoreThanMemory() throws IOException {
    MemoryStorage storage = new MemoryStorage("memory");
    storage.write(1L << 50, ByteBuffer.wrap(new byte[] {1}));
    storage.truncate(1L << 51);

    assertThat(storage.allocatedBytes()).isEqualTo(4096);
    assertThat(storage.nextData(0)).isEqualTo(new Storage.DataRange(1L << 50, 4096));
    storage.truncate(0);
    assertThat(storage.allocatedBytes()).isZero();
  }
}
