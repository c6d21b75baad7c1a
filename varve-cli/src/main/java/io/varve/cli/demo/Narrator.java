// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import io.varve.cli.Terminal;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// How the demo tells its story: numbered scenes, commands behind a `$`, what they print, verdicts
/// behind a mark, and figures at the right edge.
final class Narrator {
  private static final int WIDTH = 100;

  private final Terminal terminal;
  private final PrintStream out;
  private final String folder;
  private int scene;

  /// @param folder is told as `$DIR`, so that lines stay short
  Narrator(Terminal terminal, Path folder) {
    this.terminal = terminal;
    this.out = terminal.out();
    this.folder = folder.toString();
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
    for (String line : lines) {
      wrap(shorten(line)).forEach(part -> out.println("     " + part));
    }
    terminal.flush();
  }

  /// A command and what it cost.
  void command(String command, String figures) {
    out.println(spread("   $ " + shorten(command), figures));
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

  private String shorten(String text) {
    return text.replace(folder, "$DIR");
  }

  /// Breaks what is too long for the screen; sentences are, tables are not. What follows stands
  /// under the column that the sentence began in.
  private static List<String> wrap(String line) {
    List<String> parts = new ArrayList<>();
    String rest = line;
    int room = WIDTH - 5;
    String indent = " ".repeat(column(line));
    while (rest.length() > room) {
      int space = rest.lastIndexOf(' ', room);
      if (space <= indent.length()) {
        break;
      }
      parts.add(rest.substring(0, space));
      rest = indent + rest.substring(space + 1);
    }
    parts.add(rest);
    return parts;
  }

  /// Behind the last gap of two or more blanks, if that is far left; else a little to the right.
  private static int column(String line) {
    int text = line.length() - line.stripLeading().length();
    int gap = line.indexOf("  ", text);
    if (gap < 0 || gap > WIDTH / 3) {
      return text + 2;
    }
    return gap + line.substring(gap).length() - line.substring(gap).stripLeading().length();
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
