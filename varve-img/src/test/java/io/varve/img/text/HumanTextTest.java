// SPDX-License-Identifier: Apache-2.0
package io.varve.img.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.img.Console;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sizes and progress as QEMU prints them.
class HumanTextTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private ProgressText progress(boolean enabled) {
    Console console =
        new Console(
            "qemu-img",
            Path.of("/"),
            InputStream.nullInputStream(),
            out,
            OutputStream.nullOutputStream());
    return new ProgressText(console, enabled);
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1, 1 B",
    "999, 999 B",
    "1000, 0.977 KiB",
    "1023, 0.999 KiB",
    "1024, 1 KiB",
    "1536, 1.5 KiB",
    "10137, 9.9 KiB",
    "200704, 196 KiB",
    "1023999, 1e+03 KiB",
    "1024000, 0.977 MiB",
    "67108864, 64 MiB",
    "1073741824, 1 GiB",
    "1099511627776, 1 TiB",
    "9223372036854775807, 8 EiB",
    "-1, 16 EiB"
  })
  void aSizeHasThreeDigitsAndAUnit(long bytes, String text) {
    assertThat(HumanSize.of(bytes)).isEqualTo(text);
  }

  @Test
  void progressHasTwoDecimalsAndACarriageReturn() {
    ProgressText progress = progress(true);
    progress.set(0);
    progress.advance(1, 3);
    progress.set(100);
    progress.end();
    assertThat(printed()).isEqualTo("    (0.00/100%)\r    (33.33/100%)\r    (100.00/100%)\r\n");
  }

  @Test
  void lessThanAPercentMoreIsNotTold() {
    ProgressText progress = progress(true);
    progress.set(50);
    progress.set(50.9);
    progress.set(51.5);
    assertThat(printed()).isEqualTo("    (50.00/100%)\r    (51.50/100%)\r");
  }

  @Test
  void nothingToDoIsAllDone() {
    ProgressText progress = progress(true);
    progress.advance(0, 0);
    assertThat(printed()).isEqualTo("    (100.00/100%)\r");
  }

  @Test
  void progressThatNobodyAskedForIsSilent() {
    ProgressText progress = progress(false);
    progress.set(10);
    progress.end();
    assertThat(printed()).isEmpty();
  }
}
