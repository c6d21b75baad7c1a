// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.DamagedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PoolFileTest {
  @TempDir Path folder;

  @Test
  void readsWhatItWrote() throws IOException {
    PoolFile file = new PoolFile(new UUID(3, 4), "main");
    assertThat(PoolFile.isIn(folder)).isFalse();
    file.write(folder);
    assertThat(PoolFile.isIn(folder)).isTrue();
    assertThat(PoolFile.read(folder)).isEqualTo(file);
    assertThat(folder).isDirectoryNotContaining(p -> p.toString().endsWith(".new"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{}",
        "{\"varve-pool\": 1}",
        "{\"varve-pool\": 2, \"id\": \"00000000-0000-0003-0000-000000000004\", \"name\": \"x\"}",
        "{\"varve-pool\": 1, \"kind\": \"external\", \"id\":"
            + " \"00000000-0000-0003-0000-000000000004\", \"name\": \"x\"}",
        "{\"varve-pool\": 1, \"kind\": \"virtual\", \"id\": \"zzz\", \"name\": \"x\"}",
        "{\"varve-pool\": 1, \"id\": {}, \"name\": \"x\"}",
        "{\"varve-pool\": 1 \"id\": \"a\"}"
      })
  void refusesWhatItDidNotWrite(String text) throws IOException {
    Files.writeString(folder.resolve(PoolFile.FILE_NAME), text);
    assertThatThrownBy(() -> PoolFile.read(folder))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining(PoolFile.FILE_NAME);
  }

  @Test
  void refusesALongFile() throws IOException {
    Files.writeString(folder.resolve(PoolFile.FILE_NAME), " ".repeat(5000));
    assertThatThrownBy(() -> PoolFile.read(folder)).isInstanceOf(DamagedException.class);
  }
}
