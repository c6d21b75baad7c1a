// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Sizes as people write them on a command line.
class SizesTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "512, 512",
    "512b, 512",
    "1k, 1024",
    "1K, 1024",
    "3M, 3145728",
    "1G, 1073741824",
    "2T, 2199023255552",
    "1P, 1125899906842624",
    "7E, 8070450532247928832",
    "1.5k, 1536",
    "0.5M, 524288",
    "1.k, 1024",
    ".5k, 512",
    "1.0, 1",
    "0x10, 16",
    "0XfF, 255",
    "010, 10",
    "+5, 5",
    "' 5', 5",
    "9223372036854775807, 9223372036854775807"
  })
  void aSizeIsRead(String text, long bytes) {
    assertThat(Sizes.parse(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "k", "1kk", "1 k", "1x", "0x", "0xg", "0x10k", "-", "-k", "1.5", ".", "1.5.5k", "k1",
        "1e3", "--5"
      })
  void whatIsNoSizeIsInvalid(String text) {
    assertThat(Sizes.parse(text)).isEqualTo(Sizes.INVALID);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "-5k", "8E", "16E", "9223372036854775808", "0x8000000000000000"})
  void whatDoesNotFitIsOutOfRange(String text) {
    assertThat(Sizes.parse(text)).isEqualTo(Sizes.OUT_OF_RANGE);
  }

  @Test
  void aBareNumberMayBeMeantInAnotherUnit() {
    assertThat(Sizes.parse("2", 'm')).isEqualTo(2 << 20);
    assertThat(Sizes.parse("2k", 'm')).isEqualTo(2048);
  }

  @Test
  void aRequiredSizeNamesWhatItIsTheSizeOf() {
    assertThatThrownBy(() -> Sizes.require("image size", "x"))
        .hasMessage("Invalid image size specified. You may use k, M, G, T, P or E suffixes for");
    assertThatThrownBy(() -> Sizes.require("bs", "0", 1, 100))
        .hasMessage("Invalid bs specified. Must be between 1 and 100.");
  }
}
