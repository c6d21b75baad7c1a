// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderFlushTest {
  @TempDir Path folder;

  @Test
  void flushesWhatWasWrittenSinceItWasOpened() throws IOException {
    Path one = folder.resolve("one");
    try (FolderFlush flush = FolderFlush.open(folder)) {
      Files.writeString(one, "1");
      flush.files();
      Files.move(one, folder.resolve("two"));
      flush.names();
    }
    assertThat(folder.resolve("two")).hasContent("1");
  }

  @Test
  void saysWhichFolderIsMissing() {
    Path none = folder.resolve("none");
    assertThatThrownBy(() -> FolderFlush.open(none))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageStartingWith(none.toString());
  }

  @Test
  void flushesNothingOnceItIsClosed() throws IOException {
    FolderFlush flush = FolderFlush.open(folder);
    flush.close();
    assertThatThrownBy(flush::files).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(flush::names).isInstanceOf(ClosedChannelException.class);
  }
}
