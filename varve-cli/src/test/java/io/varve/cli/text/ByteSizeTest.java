// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "512, 512",
    "4096B, 4096",
    "1K, 1024",
    "1k, 1024",
    "1KiB, 1024",
    "10G, 10737418240",
    "10 GiB, 10737418240",
    "1.5T, 1649267441664",
    "0x1000, 4096",
    "0XFF, 255",
    "0.1K, 102",
    "7E, 8070450532247928832",
  })
  void readsSizesOfPowersOf1024(String text, long bytes) {
    assertThat(ByteSize.parse(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "G", "10GB", "10 MB", "-1", "1,5G", "1e9", "0x", "ten", "1.5.2G", "1 0"})
  void refusesWhatIsNoSizeOrMeansTwoThings(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ByteSize.parse(text))
        .withMessageContaining("'" + text + "' is not a size");
  }

  @ParameterizedTest
  @ValueSource(strings = {"8E", "9223372036854775808", "0xffffffffffffffff", "99999999999T"})
  void refusesWhatNoFileCanHold(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ByteSize.parse(text))
        .withMessageContaining("beyond 8 EiB");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1, 1 B",
    "1023, 1023 B",
    "1024, 1 KiB",
    "1536, 1.5 KiB",
    "10240, 10 KiB",
    "35868672, 34.2 MiB",
    "1048575, 1 MiB",
    "1073741824, 1 GiB",
    "1099511627776, 1 TiB",
    "9223372036854775807, 8 EiB",
    "-2048, -2 KiB",
  })
  void showsThreeDigitsAndAUnit(long bytes, String text) {
    assertThat(ByteSize.human(bytes)).isEqualTo(text);
  }

  @Test
  void showsBytesWhereExactFiguresAreAsked() {
    assertThat(ByteSize.show(1536, true)).isEqualTo("1536");
    assertThat(ByteSize.show(1536, false)).isEqualTo("1.5 KiB");
  }
}
