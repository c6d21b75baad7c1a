// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Walks a command line as `getopt_long` does: options and operands may mix, `--` ends the options,
/// short options may share a dash, long ones may be shortened as long as they are unmistakable.
/// Complaints are in the words of `qemu-img`.
///
/// ```java
/// GetOpt options = new GetOpt(console, args, "hf:U", LongOption.value("output", OUTPUT));
/// for (int c = options.next(); c != GetOpt.END; c = options.next()) {
///   switch (c) {
///     case 'f' -> format = options.argument();
///     ...
///   }
/// }
/// List<String> operands = options.rest();
/// ```
public final class GetOpt {
  /// No option is left.
  public static final int END = -1;

  private final Console console;
  private final List<String> args;
  private final String shorts;
  private final LongOption[] longs;
  private final List<String> operands = new ArrayList<>();
  private int next;
  private String cluster = "";
  private @Nullable String argument;

  /// @param shorts a letter for each short option, with a colon after those that take a value
  public GetOpt(Console console, List<String> args, String shorts, LongOption... longs) {
    this.console = console;
    this.args = args;
    this.shorts = shorts;
    this.longs = longs;
  }

  /// The next option's letter or code, or [#END].
  ///
  /// @throws ImgException if it is unknown, or lacks its value
  public int next() throws ImgException {
    argument = null;
    if (!cluster.isEmpty()) {
      return shortOption();
    }
    while (next < args.size()) {
      String word = args.get(next++);
      if (word.equals("--")) {
        break;
      }
      if (word.startsWith("--")) {
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
  public List<String> rest() {
    return operands;
  }

  private int shortOption() throws ImgException {
    char letter = cluster.charAt(0);
    cluster = cluster.substring(1);
    int at = letter == ':' ? -1 : shorts.indexOf(letter);
    if (at < 0) {
      throw unrecognized("-" + letter);
    }
    if (at + 1 < shorts.length() && shorts.charAt(at + 1) == ':') {
      if (cluster.isEmpty()) {
        argument = value("-" + letter);
      } else {
        argument = cluster;
        cluster = "";
      }
    }
    return letter;
  }

  private int longOption(String word) throws ImgException {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word.substring(2) : word.substring(2, equals);
    LongOption option = find(name);
    if (option == null || (equals >= 0 && !option.takesValue())) {
      throw unrecognized(word);
    }
    if (option.takesValue()) {
      argument = equals < 0 ? value(word) : word.substring(equals + 1);
    }
    return option.code();
  }

  /// The option of that name, or the only one that begins so.
  private @Nullable LongOption find(String name) {
    LongOption found = null;
    for (LongOption option : longs) {
      if (option.name().equals(name)) {
        return option;
      }
    }
    for (LongOption option : longs) {
      if (option.name().startsWith(name)) {
        if (found != null && found.code() != option.code()) {
          return null;
        }
        found = option;
      }
    }
    return found;
  }

  private String value(String option) throws ImgException {
    if (next == args.size()) {
      throw QemuImg.usage(console, "missing argument for option '" + option + "'");
    }
    return args.get(next++);
  }

  private ImgException unrecognized(String option) {
    return QemuImg.usage(console, "unrecognized option '" + option + "'");
  }
}
