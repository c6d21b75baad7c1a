// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import io.varve.cli.Terminal;
import java.io.PrintStream;
import java.util.List;

/// How the demo tells its story: numbered scenes, commands behind a `$`, what they print, verdicts
/// behind a mark, and figures at the right edge.
final class Narrator {
  private static final int WIDTH = 100;

  private final Terminal terminal;
  private final PrintStream out;
  private int scene;

  Narrator(Terminal terminal) {
    this.terminal = terminal;
    this.out = terminal.out();
  }

  void scene(String title) {
    scene++;
    out.println();
    out.println(bold(scene + ". " + title));
    terminal.flush();
  }

  /// What is going on, in plain words.
  void say(String text) {
    out.println("   " + text);
    terminal.flush();
  }

  void lines(List<String> lines) {
    lines.forEach(line -> out.println("     " + line));
    terminal.flush();
  }

  /// A command and what it cost.
  void command(String command, String figures) {
    out.println(spread("   $ " + command, figures));
    terminal.flush();
  }

  /// What the guest does, and what that cost.
  void guest(String deed, String figures) {
    out.println(spread("   guest: " + deed, figures));
    terminal.flush();
  }

  void verdict(boolean good, String text) {
    String mark = terminal.unicode() ? (good ? "✓" : "✗") : (good ? "ok:" : "BAD:");
    out.println("   " + (good ? mark : bold(mark)) + " " + text);
    terminal.flush();
  }

  String bold(String text) {
    return terminal.styled() ? "\033[1m" + text + "\033[0m" : text;
  }

  /// `left` and `right` at the two edges of a line, or close together where it is too short.
  static String spread(String left, String right) {
    if (right.isEmpty()) {
      return left;
    }
    int gap = WIDTH - left.length() - right.length();
    return left + " ".repeat(Math.max(2, gap)) + right;
  }
}
