// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FileStorageTest {
  @TempDir Path folder;

  @Test
  void neverReplacesAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("image"), "precious");
    Path dangling = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));

    assertThatThrownBy(() -> FileStorage.create(file, LockMode.WRITER))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessageStartingWith(file.toString());
    assertThatThrownBy(() -> FileStorage.create(dangling, LockMode.WRITER))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(file).hasContent("precious");
    assertThat(folder.resolve("nowhere")).doesNotExist();
  }

  @Test
  void neverCreatesWhatIsToBeOpened() {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> readWrite(missing))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageStartingWith(missing.toString());
    assertThat(missing).doesNotExist();
    assertThatThrownBy(() -> FileStorage.create(missing.resolve("image"), LockMode.WRITER))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("create: no such file or folder");
  }

  @Test
  @Timeout(30)
  void refusesWhatIsNeitherFileNorBlockDevice() throws Exception {
    Path fifo = folder.resolve("fifo");
    assumeTrue(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor() == 0);

    for (Path path : new Path[] {folder, fifo, Path.of("/dev/zero")}) {
      assertThatThrownBy(() -> FileStorage.open(path, FileAccess.READ_ONLY, LockMode.NONE))
          .isInstanceOf(FileSystemException.class)
          .hasMessageStartingWith(path + ": expected a file or a block device, found a ");
      assertThatThrownBy(() -> FileStorage.open(path, FileAccess.READ_WRITE, LockMode.NONE))
          .isInstanceOf(FileSystemException.class);
    }
  }

  @Test
  void saysWhyAccessIsDenied() {
    // Nobody, not even root, creates files here.
    Path file = Path.of("/sys/varve-image");
    assertThatThrownBy(() -> FileStorage.create(file, LockMode.WRITER))
        .isInstanceOf(AccessDeniedException.class)
        .hasMessageMatching("/sys/varve-image: create: .*\\(E[A-Z]+\\)");
  }

  @Test
  void refusesALockThatDoesNotFitTheAccess() {
    Path file = folder.resolve("f");
    assertThatThrownBy(() -> FileStorage.open(file, FileAccess.READ_WRITE, LockMode.SHARED_READER))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> FileStorage.open(file, FileAccess.READ_WRITE, LockMode.FORCE_SHARE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> FileStorage.open(file, FileAccess.READ_ONLY, LockMode.WRITER))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesRangesThatDoNotExist() throws IOException {
    try (FileStorage storage = create("image")) {
      assertThatThrownBy(() -> storage.read(-1, ByteBuffer.allocate(1)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> storage.write(Long.MAX_VALUE, ByteBuffer.allocate(1)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> storage.zero(0, -1)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> storage.punch(Long.MAX_VALUE - 5, 10))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> storage.truncate(-1)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void putsPathAndRangeIntoItsErrors() throws IOException {
    try (FileStorage storage = create("image")) {
      assertThatThrownBy(() -> storage.truncate(Long.MAX_VALUE))
          .isInstanceOf(FileSystemException.class)
          .hasMessageStartingWith(storage.path() + ": truncate to 9223372036854775807 bytes: ")
          .hasMessageEndingWith("larger than the file system allows (EFBIG)");
    }
  }

  @Test
  void opensTheNameOfALinkAndKnowsTheFileBehindIt() throws IOException {
    create("image").close();
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("image"));
    create("other").close();

    try (FileStorage storage = readWrite(link)) {
      assertThat(storage.name()).isEqualTo(link.toString());
      assertThat(storage.fileKey()).isEqualTo(FileKey.of(folder.resolve("image")));
      assertThat(storage.fileKey()).isNotEqualTo(FileKey.of(folder.resolve("other")));
      storage.adviseRandom();
    }
    assertThatThrownBy(() -> FileKey.of(folder.resolve("none")))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void zeroGivesSpaceBackWhereTheStorePunches() throws IOException {
    try (FileStorage storage = create("image")) {
      assumeTrue(storage.capabilities().punch());
      storage.write(0, ByteBuffer.wrap(new byte[4 << 20]));
      storage.flush();
      long before = storage.allocatedBytes();
      storage.zero(0, 3 << 20);

      assertThat(storage.allocatedBytes()).isLessThan(before - (2 << 20));
      storage.zero(1L << 30, 1L << 40);
      assertThat(storage.size()).isEqualTo((1L << 30) + (1L << 40));
      assertThat(storage.allocatedBytes()).isLessThan(before);
    }
  }

  @Test
  void leavesTheFileAloneWhenItFindsOutWhatItCanDo() throws IOException {
    byte[] data = new byte[10_000];
    java.util.Arrays.fill(data, (byte) 7);
    Path file = Files.write(folder.resolve("image"), data);
    FileTime longAgo = FileTime.fromMillis(1_000_000_000_000L);
    Files.setLastModifiedTime(file, longAgo);
    readWrite(file).close();

    assertThat(file).hasBinaryContent(data);
    if (Set.of("ext4", "xfs", "btrfs", "tmpfs").contains(Files.getFileStore(file).type())) {
      assertThat(Files.getLastModifiedTime(file)).isEqualTo(longAgo);
    }
  }

  private FileStorage create(String name) throws IOException {
    return FileStorage.create(folder.resolve(name), LockMode.WRITER);
  }

  private static FileStorage readWrite(Path path) throws IOException {
    return FileStorage.open(path, FileAccess.READ_WRITE, LockMode.WRITER);
  }
}
