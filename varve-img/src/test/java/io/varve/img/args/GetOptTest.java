// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.img.Console;
import io.varve.img.ImgException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Options as the C library's `getopt_long` finds them.
class GetOptTest {
  private static GetOpt of(String... arguments) {
    Console console =
        new Console(
            "qemu-img",
            Path.of("/"),
            InputStream.nullInputStream(),
            OutputStream.nullOutputStream(),
            OutputStream.nullOutputStream());
    return new GetOpt(
        console,
        List.of(arguments),
        "qf:o:",
        LongOption.flag("quiet", 'q'),
        LongOption.value("format", 'f'),
        LongOption.value("output", 300),
        LongOption.flag("backing-chain", 301));
  }

  @Test
  void shortOptionsShareADash() throws ImgException {
    GetOpt options = of("-qqfraw", "a");
    assertThat(options.next()).isEqualTo('q');
    assertThat(options.next()).isEqualTo('q');
    assertThat(options.next()).isEqualTo('f');
    assertThat(options.argument()).isEqualTo("raw");
    assertThat(options.next()).isEqualTo(GetOpt.END);
    assertThat(options.rest()).containsExactly("a");
  }

  @Test
  void aValueMayFollowInTheNextWordAndLookLikeAnOption() throws ImgException {
    GetOpt options = of("-f", "-q", "--output", "--", "x");
    assertThat(options.next()).isEqualTo('f');
    assertThat(options.argument()).isEqualTo("-q");
    assertThat(options.next()).isEqualTo(300);
    assertThat(options.argument()).isEqualTo("--");
    assertThat(options.next()).isEqualTo(GetOpt.END);
    assertThat(options.rest()).containsExactly("x");
  }

  @Test
  void operandsMixWithOptionsUntilTwoDashes() throws ImgException {
    GetOpt options = of("a", "-q", "-", "--", "-q", "--format");
    assertThat(options.next()).isEqualTo('q');
    assertThat(options.next()).isEqualTo(GetOpt.END);
    assertThat(options.rest()).containsExactly("a", "-", "-q", "--format");
  }

  @Test
  void aLongOptionMayBeShortened() throws ImgException {
    GetOpt options = of("--out=json", "--back", "--f=raw");
    assertThat(options.next()).isEqualTo(300);
    assertThat(options.argument()).isEqualTo("json");
    assertThat(options.next()).isEqualTo(301);
    assertThat(options.next()).isEqualTo('f');
    assertThat(options.argument()).isEqualTo("raw");
  }

  @Test
  void anEmptyValueIsAValue() throws ImgException {
    GetOpt options = of("--format=", "-o", "");
    assertThat(options.next()).isEqualTo('f');
    assertThat(options.argument()).isEmpty();
    assertThat(options.next()).isEqualTo('o');
    assertThat(options.argument()).isEmpty();
  }

  @Test
  void whatIsUnknownOrLacksItsValueIsNamed() {
    assertThatThrownBy(() -> of("-x").next()).hasMessageContaining("unrecognized option '-x'");
    assertThatThrownBy(() -> of("--x=1").next())
        .hasMessageContaining("unrecognized option '--x=1'");
    assertThatThrownBy(() -> of("--quiet=1").next())
        .hasMessageContaining("unrecognized option '--quiet=1'");
    assertThatThrownBy(() -> of("-:").next()).hasMessageContaining("unrecognized option '-:'");
    assertThatThrownBy(() -> of("-f").next())
        .hasMessageContaining("missing argument for option '-f'");
    assertThatThrownBy(() -> of("--format").next())
        .hasMessageContaining("missing argument for option '--format'");
  }
}
