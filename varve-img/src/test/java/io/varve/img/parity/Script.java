// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import java.util.ArrayList;
import java.util.List;

/// A script of the parity tests: commands that both programs must answer alike.
///
/// A line is one step. `#` begins a comment. `qemu-img …` and `qemu-io …` are run by either side,
/// every other first word names an entry of [Props]. In front of a command may stand
///
/// - `?`: only the exit code is compared (where Debian's wording is newer than the classic one);
/// - `=`: all is compared but the lengths of files, which depend on where freed clusters lie;
/// - `~`: exit code and standard output are compared, standard error only for being empty or not.
///
/// Lines that begin with `> ` after a step are its standard input.
///
/// @param steps in order
record Script(List<Step> steps) {
  enum Compared {
    ALL,
    CONTENT,
    OUTPUT,
    EXIT
  }

  /// @param line as written, without the mark in front
  /// @param input lines for standard input, each ended
  record Step(Compared compared, String line, List<String> words, String input) {
    boolean isTool() {
      return words.getFirst().equals("qemu-img") || words.getFirst().equals("qemu-io");
    }
  }

  /// The steps as they were written.
  String text() {
    StringBuilder text = new StringBuilder();
    for (Step step : steps) {
      text.append(step.line()).append('\n');
    }
    return text.toString();
  }

  static Script parse(List<String> lines) {
    List<Step> steps = new ArrayList<>();
    for (String line : lines) {
      if (line.startsWith("> ") || line.equals(">")) {
        Step last = steps.removeLast();
        String more = line.length() > 2 ? line.substring(2) : "";
        steps.add(new Step(last.compared, last.line, last.words, last.input + more + "\n"));
      } else if (!line.isBlank() && !line.startsWith("#")) {
        steps.add(step(line.strip()));
      }
    }
    return new Script(List.copyOf(steps));
  }

  private static Step step(String line) {
    Compared compared =
        switch (line.charAt(0)) {
          case '?' -> Compared.EXIT;
          case '=' -> Compared.CONTENT;
          case '~' -> Compared.OUTPUT;
          default -> Compared.ALL;
        };
    String command = compared == Compared.ALL ? line : line.substring(1).strip();
    return new Step(compared, command, Words.of(command), "");
  }
}
