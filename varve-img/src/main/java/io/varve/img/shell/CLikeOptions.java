// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.img.Console;
import io.varve.img.args.LongOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Walks a command line as the C library's `getopt_long` does, in its words: options and operands
/// may mix, `--` ends the options, short options share a dash, long ones may be shortened.
///
/// What is wrong is said on standard error at once; the caller decides what follows.
public final class CLikeOptions {
  /// No option is left.
  public static final int END = -1;

  /// The option is unknown or lacks its value; it has been said.
  public static final int BAD = '?';

  private final Console console;
  private final String program;
  private final List<String> args;
  private final String shorts;
  private final LongOption[] longs;
  private final List<String> operands = new ArrayList<>();
  private int next;
  private String cluster = "";
  private @Nullable String argument;

  /// @param program what a complaint begins with
  /// @param args without the program's name
  /// @param shorts a letter for each short option, with a colon after those that take a value
  public CLikeOptions(
      Console console, String program, List<String> args, String shorts, LongOption... longs) {
    this.console = console;
    this.program = program;
    this.args = args;
    this.shorts = shorts;
    this.longs = longs;
  }

  /// The next option's letter or code, [#BAD] or [#END].
  public int next() {
    argument = null;
    if (!cluster.isEmpty()) {
      return shortOption();
    }
    while (next < args.size()) {
      String word = args.get(next++);
      if (word.equals("--")) {
        break;
      }
      if (longs.length > 0 && word.startsWith("--")) {
        return longOption(word);
      }
      if (word.length() > 1 && word.charAt(0) == '-') {
        cluster = word.substring(1);
        return shortOption();
      }
      operands.add(word);
    }
    while (next < args.size()) {
      operands.add(args.get(next++));
    }
    return END;
  }

  /// The value of the option that [#next()] answered last.
  public String argument() {
    if (argument == null) {
      throw new IllegalStateException("the option takes no value");
    }
    return argument;
  }

  /// What is no option, in order; complete once [#next()] has answered [#END].
  public List<String> operands() {
    return operands;
  }

  private int shortOption() {
    char letter = cluster.charAt(0);
    cluster = cluster.substring(1);
    int at = letter == ':' ? -1 : shorts.indexOf(letter);
    if (at < 0) {
      return bad("invalid option -- '" + letter + "'");
    }
    if (at + 1 == shorts.length() || shorts.charAt(at + 1) != ':') {
      return letter;
    }
    if (!cluster.isEmpty()) {
      argument = cluster;
      cluster = "";
    } else if (next < args.size()) {
      argument = args.get(next++);
    } else {
      return bad("option requires an argument -- '" + letter + "'");
    }
    return letter;
  }

  private int longOption(String word) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word.substring(2) : word.substring(2, equals);
    LongOption option = find(name);
    if (option == null) {
      String possible = possibilities(name);
      return possible.isEmpty()
          ? bad("unrecognized option '" + word + "'")
          : bad("option '" + word + "' is ambiguous; possibilities:" + possible);
    }
    if (equals >= 0 && !option.takesValue()) {
      return bad("option '--" + option.name() + "' doesn't allow an argument");
    }
    if (option.takesValue()) {
      if (equals >= 0) {
        argument = word.substring(equals + 1);
      } else if (next < args.size()) {
        argument = args.get(next++);
      } else {
        return bad("option '--" + option.name() + "' requires an argument");
      }
    }
    return option.code();
  }

  /// The option of that name, or the only one that begins so.
  private @Nullable LongOption find(String name) {
    LongOption found = null;
    int matches = 0;
    for (LongOption option : longs) {
      if (option.name().equals(name)) {
        return option;
      }
      if (option.name().startsWith(name)) {
        found = option;
        matches++;
      }
    }
    return matches == 1 ? found : null;
  }

  private String possibilities(String name) {
    StringBuilder all = new StringBuilder();
    for (LongOption option : longs) {
      if (option.name().startsWith(name)) {
        all.append(" '--").append(option.name()).append('\'');
      }
    }
    return all.toString();
  }

  private int bad(String complaint) {
    console.line(program + ": " + complaint);
    return BAD;
  }
}
