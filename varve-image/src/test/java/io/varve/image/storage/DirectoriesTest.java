// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoriesTest {
  @TempDir Path folder;

  @Test
  void flushesFoldersOnly() throws IOException {
    Directories.flush(folder);
    Path file = Files.createFile(folder.resolve("f"));

    assertThatThrownBy(() -> Directories.flush(file))
        .isInstanceOf(FileSystemException.class)
        .hasMessageStartingWith(file.toString());
    assertThatThrownBy(() -> Directories.flush(folder.resolve("none")))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void replacesAFileByAnother() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    Path from = Files.writeString(other.resolve("new"), "new");
    Path to = Files.writeString(folder.resolve("f"), "old");
    Directories.replace(from, to);

    assertThat(to).hasContent("new");
    assertThat(from).doesNotExist();
  }

  @Test
  void deletesAsOftenAsAsked() throws IOException {
    Path file = Files.createFile(folder.resolve("f"));

    assertThat(Directories.delete(file)).isTrue();
    assertThat(Directories.delete(file)).isFalse();
    assertThat(file).doesNotExist();
  }

  @Test
  void takesAndGivesTheRightToWrite() throws IOException {
    Path file = Files.createFile(folder.resolve("f"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
    Directories.setWritable(file, false);
    assertThat(permissions(file)).isEqualTo("r--r--r--");
    Directories.setWritable(file, false);
    Directories.setWritable(file, true);

    assertThat(permissions(file)).isEqualTo("rw-r--r--");
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
