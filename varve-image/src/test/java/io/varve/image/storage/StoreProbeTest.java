// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreProbeTest {
  @TempDir Path folder;

  @Test
  void tellsWhatFilesInTheFolderThenCanDo() throws IOException {
    StoreFacts facts = StoreProbe.probe(folder);

    try (FileStorage storage = FileStorage.create(folder.resolve("f"), LockMode.NONE)) {
      assertThat(storage.capabilities().punch()).isEqualTo(facts.punch());
      assertThat(storage.capabilities().reflink()).isEqualTo(facts.reflink());
      assertThat(storage.capabilities().sparse()).isEqualTo(facts.sparse());
    }
    assertThat(facts.fileSystem()).isEqualTo(Files.getFileStore(folder).type());
    assertThat(facts.totalBytes()).isEqualTo(folder.toFile().getTotalSpace());
    assertThat(facts.freeBytes()).isBetween(1L, facts.totalBytes());
    assertThat(facts.blockSize()).isPositive();
  }

  @Test
  void leavesNothingBehind() throws IOException {
    StoreProbe.probe(folder);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void namesTheFolderThatItCannotTry() {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> StoreProbe.probe(missing))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageStartingWith(missing.toString());
  }
}
