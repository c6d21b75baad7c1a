// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ElapsedTest {
  @ParameterizedTest
  @CsvSource({
    "420, 0.42 ms",
    "17000, 17 ms",
    "999400, 999 ms",
    "1234000, 1.2 s",
    "99400000, 99.4 s",
    "200000000, 3 min 20 s",
    "7500000000, 2 h 5 min",
  })
  void choosesTheUnitThatReadsBest(long micros, String text) {
    assertThat(Elapsed.human(Duration.ofNanos(micros * 1000))).isEqualTo(text);
  }
}
