// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.cli.Terminal;
import io.varve.cli.UsageException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfirmationTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private Terminal terminal(String typed, boolean tty) {
    return new Terminal(
        new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)),
        new ByteArrayOutputStream(),
        err,
        new Terminal.Tty(tty, tty, tty),
        Map.of());
  }

  @ParameterizedTest
  @CsvSource({
    "y, true",
    "yes, true",
    "YES, true",
    "' y ', true",
    "n, false",
    "no, false",
    "'', false",
    "yep, false"
  })
  void takesYesAndNothingElseForAYes(String typed, boolean agreed) throws IOException {
    assertThat(Confirmation.given(terminal(typed + "\nrest", true), false, "Deletes x."))
        .isEqualTo(agreed);
    assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("Deletes x.\nGo on? [y/N] ");
  }

  @Test
  void takesTheEndOfInputForANo() throws IOException {
    assertThat(Confirmation.given(terminal("", true), false, "Deletes x.")).isFalse();
  }

  @Test
  void doesNotAskWhoSaidYesBefore() throws IOException {
    assertThat(Confirmation.given(terminal("", false), true, "Deletes x.")).isTrue();
    assertThat(err.size()).isZero();
  }

  @Test
  void refusesWhereNobodyCanAnswer() {
    assertThatExceptionOfType(UsageException.class)
        .isThrownBy(() -> Confirmation.given(terminal("y\n", false), false, "Deletes x."))
        .withMessageContaining("Deletes x.")
        .satisfies(e -> assertThat(e.cure()).contains("--yes"));
  }
}
