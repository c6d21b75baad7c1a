// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.Main;
import io.varve.cli.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The program, run through its main with a home of its own.
final class Cli {
  /// How a command ended.
  record Result(int code, byte[] bytes, String err) {
    String out() {
      return new String(bytes, StandardCharsets.UTF_8);
    }

    JsonNode json() {
      return JsonMapper.shared().readTree(out());
    }
  }

  private final Path home;

  Cli(Path home) {
    this.home = home;
  }

  /// Runs a command with nobody at the terminal.
  Result run(String... arguments) {
    return run(new byte[0], Terminal.Tty.NONE, arguments);
  }

  Result run(byte[] in, Terminal.Tty tty, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Main.run(
            new Terminal(
                new ByteArrayInputStream(in),
                out,
                err,
                tty,
                Map.of(
                    "VARVE_HOME",
                    home.toString(),
                    "LANG",
                    "C.UTF-8",
                    "PATH",
                    System.getenv().getOrDefault("PATH", "/usr/bin"))),
            arguments);
    return new Result(code, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
  }

  /// Runs a command that must succeed.
  Result ok(String... arguments) {
    return ok(new byte[0], arguments);
  }

  /// Runs a command that must succeed, with bytes on its standard input.
  Result ok(byte[] in, String... arguments) {
    Result result = run(in, Terminal.Tty.NONE, arguments);
    assertThat(result.code())
        .as("varve %s: %s", String.join(" ", arguments), result.err())
        .isZero();
    return result;
  }

  /// Runs a command that must be refused: two lines, no stack trace, nothing on standard output.
  Result refused(int code, String... arguments) {
    Result result = run(arguments);
    String shown =
        "varve %s:%n%s%n%s".formatted(String.join(" ", arguments), result.out(), result.err());
    assertThat(result.code()).as(shown).isEqualTo(code);
    assertThat(result.out()).as(shown).isEmpty();
    assertThat(result.err())
        .as(shown)
        .startsWith("varve: ")
        .contains("\n  cure: ")
        .doesNotContain("\tat ")
        .doesNotContain("Exception")
        .doesNotContain("internal error");
    return result;
  }
}
