// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.testkit.ScratchFileSystem;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On a file system that lets files share blocks (XFS).
class SharingStoreTest {
  private static final int SHARED = 32 << 20;

  @TempDir Path folder;
  private ScratchFileSystem system;

  @BeforeEach
  void mount() throws IOException {
    system = ScratchFileSystem.xfs(folder);
  }

  @AfterEach
  void unmount() throws IOException {
    if (system != null) {
      system.close();
    }
  }

  @Test
  void sharesRangesThatPartWhenOneIsWritten() throws IOException {
    try (FileStorage from = create("from");
        FileStorage to = create("to")) {
      from.write(0, Stamp.data(0, 33 << 20, 1));
      from.flush();
      long before = StoreProbe.probe(system.root()).freeBytes();
      assertThat(FileCopy.reflink(from, 65_536, to, 8192, SHARED)).isTrue();
      assertThat(FileCopy.reflink(from, 0, to, 0, 0)).isTrue();
      to.flush();

      assertThat(to.size()).isEqualTo(8192 + SHARED);
      // Far less than a copy takes; what the file system needs for itself comes and goes.
      assertThat(StoreProbe.probe(system.root()).freeBytes()).isGreaterThan(before - SHARED / 2);
      from.write(65_536, Stamp.data(0, 4096, 2));
      assertThat(bytes(to, 8192, SHARED)).isEqualTo(Stamp.data(65_536, SHARED, 1).array());
      assertThat(bytes(to, 0, 8192)).containsOnly(0);
    }
  }

  @Test
  void refusesRangesThatAreNotWholeBlocks() throws IOException {
    try (FileStorage from = create("from");
        FileStorage to = create("to")) {
      from.write(0, Stamp.data(0, 1 << 20, 1));

      assertThat(FileCopy.reflink(from, 512, to, 0, 4096)).isFalse();
      assertThat(FileCopy.reflink(from, 0, to, 0, 1000)).isFalse();
      assertThat(to.size()).isZero();
    }
  }

  @Test
  void sharesNothingAcrossFileSystemsButCopies() throws IOException {
    try (FileStorage from = create("from");
        FileStorage to = FileStorage.create(folder.resolve("to"), LockMode.WRITER)) {
      from.write(0, Stamp.data(0, 1 << 20, 1));

      assertThat(FileCopy.reflink(from, 0, to, 0, 1 << 20)).isFalse();
      FileCopy.copy(from, 0, to, 0, 1 << 20);
      assertThat(bytes(to, 0, 1 << 20)).isEqualTo(Stamp.data(0, 1 << 20, 1).array());
    }
  }

  @Test
  void isKnownToShareByProbeAndByStorage() throws IOException {
    assertThat(StoreProbe.probe(system.root()))
        .satisfies(facts -> {
          assertThat(facts.fileSystem()).isEqualTo("xfs");
          assertThat(facts.reflink()).isTrue();
          assertThat(facts.punch()).isTrue();
        });
    try (FileStorage storage = create("image")) {
      assertThat(storage.capabilities().reflink()).isTrue();
      storage.write(0, Stamp.data(0, 10_000, 1));
    }
    try (FileStorage storage =
        FileStorage.open(system.root().resolve("image"), FileAccess.READ_WRITE, LockMode.WRITER)) {
      assertThat(storage.capabilities().reflink()).isTrue();
      assertThat(bytes(storage, 0, 10_000)).isEqualTo(Stamp.data(0, 10_000, 1).array());
    }
  }

  private FileStorage create(String name) throws IOException {
    return FileStorage.create(system.root().resolve(name), LockMode.WRITER);
  }

  private static byte[] bytes(FileStorage storage, long position, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    storage.read(position, buffer);
    return buffer.array();
  }
}
