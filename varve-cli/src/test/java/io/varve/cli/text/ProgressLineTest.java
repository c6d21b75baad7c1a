// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  @Test
  void saysHowFarHowFastAndHowLong() {
    assertThat(ProgressLine.line("import", 1 << 30, 3L << 30, Duration.ofSeconds(2)))
        .isEqualTo("import   33%  1 GiB of 3 GiB  512 MiB/s  about 4.0 s left");
  }

  @Test
  void saysAHundredOnlyWhenAllIsDone() {
    assertThat(ProgressLine.line("x", 999_999, 1_000_000, Duration.ofSeconds(1))).contains(" 99%");
    assertThat(ProgressLine.line("x", 1_000_000, 1_000_000, Duration.ofSeconds(1)))
        .contains("100%")
        .doesNotContain("left");
  }

  @Test
  void doesWithoutATotal() {
    assertThat(ProgressLine.line("scan", 2048, 0, Duration.ofSeconds(1)))
        .isEqualTo("scan  2 KiB  2 KiB/s");
  }

  @Test
  void staysSilentForShortWork() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ProgressLine line =
        new ProgressLine(new PrintStream(bytes, true, StandardCharsets.UTF_8), "x")) {
      line.show(1, 2);
    }
    assertThat(bytes.size()).isZero();
  }
}
