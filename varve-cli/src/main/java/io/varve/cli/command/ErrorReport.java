// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.ExitCode;
import io.varve.cli.Terminal;
import io.varve.cli.UsageException;
import io.varve.cli.text.ClosedOutputException;
import io.varve.cli.text.Json;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// How an error leaves: two lines for people, one JSON object for programs, an exit code for both.
final class ErrorReport {
  private static final Pattern INVALID_VALUE =
      Pattern.compile(
          "Invalid value for (?:positional parameter at index \\d+ \\(|option ')([^)']*)[)'](?:"
              + " \\([^)]*\\))?: (.*)");

  private static final Pattern CONSTANTS = Pattern.compile("\\[([A-Z_, ]+)\\]");

  private ErrorReport() {}

  /// Reports `error` and returns its exit code. A reader of standard output who went away is no
  /// error worth a word.
  static int of(Root root, Throwable error, String... arguments) {
    if (error instanceof ClosedOutputException closed && closed.readerLeft()) {
      return ExitCode.ERROR;
    }
    Terminal terminal = root.terminal();
    try {
      terminal.flush();
    } catch (ClosedOutputException _) {
      // What was not written has no reader; the error still has one.
    }
    Problem problem = Problem.of(error);
    boolean debug = root.debug || !terminal.variable("VARVE_DEBUG").isEmpty();
    print(terminal.err(), problem, root.json || asksForJson(arguments));
    if (debug) {
      error.printStackTrace(terminal.err());
    }
    terminal.err().flush();
    return problem.exit();
  }

  /// Arguments that no command takes.
  static int misunderstood(Root root, ParameterException error, String[] arguments) {
    CommandLine at = error.getCommandLine();
    boolean json = asksForJson(arguments);
    if (!json && isBareGroup(at, error)) {
      at.usage(root.terminal().err());
      return ExitCode.USAGE;
    }
    String name = at.getCommandSpec().qualifiedName();
    String see = "see: " + name + " --help";
    UsageException usage =
        switch (error) {
          case UnmatchedArgumentException unmatched -> unmatched(at, unmatched, see);
          case MissingParameterException missing ->
              new UsageException(
                  "%s needs %s".formatted(words(name), labels(missing)),
                  "write: " + Help.synopsis(at.getCommandSpec()) + " (" + see + ")");
          default -> new UsageException(plain(String.valueOf(error.getMessage())), see);
        };
    return of(root, usage, arguments);
  }

  private static UsageException unmatched(
      CommandLine at, UnmatchedArgumentException error, String see) {
    String name = at.getCommandSpec().qualifiedName();
    String first = error.getUnmatched().getFirst();
    boolean group = !at.getSubcommands().isEmpty();
    String message =
        group && !first.startsWith("-")
            ? "'%s' has no command '%s'".formatted(name, first)
            : "%s does not take '%s'".formatted(words(name), first);
    List<String> suggestions = error.getSuggestions();
    return new UsageException(
        message,
        suggestions.isEmpty()
            ? see
            : "did you mean: " + String.join(", ", suggestions) + "? (" + see + ")");
  }

  /// The command without the program, which every message begins with.
  private static String words(String qualifiedName) {
    return qualifiedName.replaceFirst("^varve ", "");
  }

  private static String labels(MissingParameterException missing) {
    return missing.getMissing().stream()
        .map(ArgSpec::paramLabel)
        .collect(Collectors.joining(" and "));
  }

  /// Without the words that picocli puts before the reason.
  private static String plain(String message) {
    Matcher value = INVALID_VALUE.matcher(message);
    if (!value.matches()) {
      return message;
    }
    String reason = value.group(2).replace("(case-insensitive) but was", "and not");
    return value.group(1) + ": " + lowerCaseConstants(reason);
  }

  /// `[VIRTUAL, EXTERNAL]` is typed `virtual, external`.
  private static String lowerCaseConstants(String reason) {
    Matcher list = CONSTANTS.matcher(reason);
    return list.replaceFirst(found -> found.group(1).toLowerCase(Locale.ROOT));
  }

  private static boolean isBareGroup(CommandLine at, ParameterException error) {
    return !at.getSubcommands().isEmpty()
        && String.valueOf(error.getMessage()).startsWith("Missing required subcommand");
  }

  /// The option may stand behind the mistake that ended the parsing.
  private static boolean asksForJson(String[] arguments) {
    return Arrays.asList(arguments).contains("--json");
  }

  private static void print(PrintStream err, Problem problem, boolean json) {
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("code", problem.code());
      object.put("message", problem.message());
      if (problem.cure() != null) {
        object.put("cure", problem.cure());
      }
      err.println(Json.of(object));
      return;
    }
    err.println("varve: " + problem.message());
    if (problem.cure() != null) {
      err.println("  cure: " + problem.cure());
    }
  }
}
