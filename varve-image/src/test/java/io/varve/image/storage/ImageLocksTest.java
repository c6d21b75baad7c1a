// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.ImageInUseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Who may have one image open together, inside one process. With QEMU: `ImageLocksIT`.
class ImageLocksTest {
  @TempDir Path folder;
  private final List<FileStorage> open = new ArrayList<>();
  private Path image;

  @BeforeEach
  void create() throws IOException {
    image = Files.createFile(folder.resolve("image"));
  }

  @AfterEach
  void close() throws IOException {
    for (FileStorage storage : open) {
      storage.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SHARED_READER, SHARED_READER, true",
    "SHARED_READER, FORCE_SHARE, true",
    "SHARED_READER, WRITER, false",
    "SHARED_READER, NONE, true",
    "WRITER, WRITER, false",
    "WRITER, SHARED_READER, false",
    "WRITER, FORCE_SHARE, true",
    "WRITER, NONE, true",
    "FORCE_SHARE, WRITER, true",
    "FORCE_SHARE, SHARED_READER, true",
    "NONE, WRITER, true",
    "SHARED_READER, FILLER, true",
    "FILLER, SHARED_READER, true",
    "FILLER, FORCE_SHARE, true",
    "FILLER, FILLER, false",
    "FILLER, WRITER, false",
    "WRITER, FILLER, false",
    "STATE_READER, STATE_READER, true",
    "STATE_READER, SHARED_READER, true",
    "STATE_READER, FILLER, true",
    "STATE_READER, ABSORBER, false",
    "STATE_READER, WRITER, false",
    "ABSORBER, STATE_READER, false",
    "ABSORBER, SHARED_READER, true",
    "ABSORBER, FILLER, false",
    "FILLER, STATE_READER, true",
  })
  void letsInWhomTheFirstOneAllows(LockMode first, LockMode second, boolean together)
      throws IOException {
    open(first);
    if (together) {
      open(second);
    } else {
      assertThatThrownBy(() -> open(second))
          .isInstanceOf(ImageInUseException.class)
          .hasMessageStartingWith(image + ": image is in use: ")
          .hasMessageContaining("It is held by this process.");
    }
  }

  @Test
  void leavesNothingLockedAfterARefusal() throws IOException {
    FileStorage reader = open(LockMode.SHARED_READER);
    assertThatThrownBy(() -> open(LockMode.WRITER)).isInstanceOf(ImageInUseException.class);
    open(LockMode.SHARED_READER).close();
    reader.close();

    open(LockMode.WRITER);
  }

  @Test
  void holdsItsLockUntilItIsClosed() throws IOException {
    FileStorage writer = open(LockMode.WRITER);
    FileStorage.open(image, FileAccess.READ_ONLY, LockMode.FORCE_SHARE).close();
    Files.readAllBytes(image);
    assertThatThrownBy(() -> open(LockMode.WRITER)).isInstanceOf(ImageInUseException.class);

    writer.close();
    open(LockMode.WRITER);
  }

  @Test
  void locksWhatItCreates() throws IOException {
    Path fresh = folder.resolve("new");
    try (FileStorage _ = FileStorage.create(fresh, LockMode.WRITER)) {
      assertThatThrownBy(
              () -> FileStorage.open(fresh, FileAccess.READ_ONLY, LockMode.SHARED_READER))
          .isInstanceOf(ImageInUseException.class);
    }
    assertThat(fresh).isEmptyFile();
  }

  private FileStorage open(LockMode lock) throws IOException {
    FileAccess access = lock == LockMode.WRITER ? FileAccess.READ_WRITE : FileAccess.READ_ONLY;
    FileStorage storage = FileStorage.open(image, access, lock);
    open.add(storage);
    return storage;
  }
}
