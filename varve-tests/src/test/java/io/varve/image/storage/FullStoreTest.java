// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.testkit.LoopDevice;
import io.varve.testkit.ScratchFileSystem;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On a file system that is really full.
class FullStoreTest {
  private static final int BYTES = 1 << 20;

  @TempDir Path folder;
  private ScratchFileSystem system;

  @BeforeEach
  void mount() throws IOException {
    system = ScratchFileSystem.tmpfs(folder, BYTES);
  }

  @AfterEach
  void unmount() throws IOException {
    if (system != null) {
      system.close();
    }
  }

  @Test
  void saysThatThereIsNoSpaceAndGoesOnOnceThereIs() throws IOException {
    Path file = system.root().resolve("image");
    try (FileStorage storage = FileStorage.create(file, LockMode.WRITER)) {
      storage.write(0, Stamp.data(0, BYTES / 2, 1));
      assertThatThrownBy(() -> storage.write(BYTES / 2, ByteBuffer.allocate(BYTES)))
          .isInstanceOf(NoSpaceException.class)
          .hasMessageStartingWith(file + ": write of 1048576 bytes at 0x80000: ")
          .hasMessageContaining("no space left on the device (ENOSPC)");
      ByteBuffer half = ByteBuffer.allocate(BYTES / 2);
      storage.read(0, half);
      assertThat(half.flip()).isEqualTo(Stamp.data(0, BYTES / 2, 1));

      assertThat(storage.punch(0, BYTES / 2)).isTrue();
      storage.write(0, Stamp.data(0, BYTES / 4, 2));
      storage.flush();
    }
  }

  @Test
  void canStillZeroByPunchingAndDelete() throws IOException {
    Path file = system.root().resolve("image");
    try (FileStorage storage = FileStorage.create(file, LockMode.WRITER)) {
      assertThatThrownBy(() -> storage.write(0, ByteBuffer.allocate(2 * BYTES)))
          .isInstanceOf(NoSpaceException.class);
      storage.zero(0, BYTES / 2);
      assertThat(storage.allocatedBytes()).isLessThanOrEqualTo(BYTES / 2);
    }
    assertThat(Directories.delete(file)).isTrue();
  }

  @Test
  void isFullForTheProbeToo() throws IOException {
    try (FileStorage storage =
        FileStorage.create(system.root().resolve("image"), LockMode.WRITER)) {
      assertThatThrownBy(() -> storage.write(0, ByteBuffer.allocate(2 * BYTES)))
          .isInstanceOf(NoSpaceException.class);
      assertThatThrownBy(() -> StoreProbe.probe(system.root()))
          .isInstanceOf(NoSpaceException.class)
          .hasMessageStartingWith(system.root().toString());
    }
    assertThat(system.root()).isDirectoryNotContaining("glob:**/.varve-probe*");
  }

  /// A device whose own store is full takes writes into the page cache and loses them in the flush.
  @Test
  void neverFlushesAgainAfterAFailedFlush() throws IOException {
    try (LoopDevice device = LoopDevice.require(system.root().resolve("thin"), 8L * BYTES);
        FileStorage storage =
            FileStorage.open(device.path(), FileAccess.READ_WRITE, LockMode.WRITER)) {
      storage.write(0, Stamp.data(0, 4 * BYTES, 1));
      assertThatThrownBy(storage::flush).hasMessageStartingWith(device.path() + ": flush: ");

      assertThatThrownBy(storage::flush)
          .hasMessageStartingWith(device.path() + ": flush: an earlier flush failed");
    }
  }
}
