// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FolderTest {
  @TempDir Path folder;

  @Test
  void tellsOfAFileByName() throws IOException {
    Path file = Files.write(folder.resolve("a file"), new byte[1234]);
    FileStat byPath = FileStat.of(file);
    try (Folder open = Folder.open(folder)) {
      assertThat(open.stat("a file")).isEqualTo(byPath);
    }
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    assertThat(byPath.size()).isEqualTo(1234);
    assertThat(byPath.modified()).isEqualTo(attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS));
    assertThat(byPath.changed())
        .isEqualTo(((FileTime) Files.getAttribute(file, "unix:ctime")).to(TimeUnit.NANOSECONDS));
  }

  @Test
  void findsNothingUnderANameThatNobodyHas() throws IOException {
    try (Folder open = Folder.open(folder)) {
      assertThat(open.stat("missing")).isNull();
    }
  }

  @Test
  void doesNotFollowLinks() throws IOException {
    Files.createSymbolicLink(folder.resolve("link"), Path.of("/etc/passwd"));
    try (Folder open = Folder.open(folder)) {
      FileStat link = open.stat("link");
      assertThat(link).isNotNull();
      assertThat(link.isRegularFile()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "../passwd", "/etc/passwd", "a/b"})
  void refusesWhatLeadsOutOfIt(String name) throws IOException {
    try (Folder open = Folder.open(folder)) {
      assertThatThrownBy(() -> open.stat(name)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aFileIsNoFolder() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> Folder.open(file))
        .isInstanceOfSatisfying(
            SystemCallException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOTDIR));
  }
}
