// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.open.Protocols;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What `-o` strings share across commands: collecting them, and `-o help`.
public final class OptionHelp {
  /// Where the explanation of an option begins, unless its name is too long.
  private static final int COLUMN = 24;

  private OptionHelp() {}

  /// Adds a further `-o` string to those before it.
  ///
  /// @throws ImgException if it is no list of options
  public static String accumulate(@Nullable String before, String more) throws ImgException {
    int commas = 0;
    while (commas < more.length() && more.charAt(more.length() - 1 - commas) == ',') {
      commas++;
    }
    if (more.isEmpty() || more.charAt(0) == ',' || commas % 2 != 0) {
      throw new ImgException("Invalid option list: " + more);
    }
    return before == null ? more : before + "," + more;
  }

  /// True if one of the options asks for help.
  public static boolean isWanted(@Nullable String options) {
    if (options == null) {
      return false;
    }
    for (String option : options.split(",", -1)) {
      if (option.equals("help") || option.equals("?")) {
        return true;
      }
    }
    return false;
  }

  /// Prints the options for creating a file of this format.
  ///
  /// @param fileName what would be created, null where it was not said
  public static void print(Console console, String format, @Nullable String fileName)
      throws ImgException {
    List<OptionDesc> options = new ArrayList<>(ImageFormats.requireCreatable(format));
    PrintStream out = console.out();
    if (fileName == null) {
      out.print("Supported " + format + " options:\n");
    } else {
      Protocols.plainName(fileName);
      OptionLists.file(options);
      out.print("Supported options:\n");
    }
    lines(out, options);
    if (fileName == null) {
      out.print(
          """

          The protocol level may support further options.
          Specify the target filename to include those options.
          """);
    }
  }

  /// Prints what `amend` can change.
  public static void printAmendable(Console console) {
    console.out().print("Amend options for 'qcow2':\n");
    lines(console.out(), OptionLists.amendable());
  }

  private static void lines(PrintStream out, List<OptionDesc> options) {
    List<OptionDesc> sorted = new ArrayList<>(options);
    sorted.sort(Comparator.comparing(OptionDesc::name));
    for (OptionDesc option : sorted) {
      StringBuilder line = new StringBuilder("  ");
      line.append(option.name()).append('=').append(option.kind().shown());
      while (line.length() < COLUMN) {
        line.append(' ');
      }
      out.print(line.append(" - ").append(option.help()).append('\n'));
    }
  }
}
