// SPDX-License-Identifier: Apache-2.0
package io.varve.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class QemuImgTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void anUnknownCommandIsRefusedInQemusWords() {
    assertThat(run("nosuch")).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
            qemu-img: Command not found: nosuch
            Try 'qemu-img --help' for more information
            """);
  }

  @Test
  void aRunWithoutACommandLacksArguments() {
    assertThat(run()).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
            qemu-img: Not enough arguments
            Try 'qemu-img --help' for more information
            """);
  }

  private int run(String... args) {
    Console console = new Console("qemu-img", Path.of(""), InputStream.nullInputStream(), out, err);
    return QemuImg.run(console, args);
  }
}
