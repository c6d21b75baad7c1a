// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.Terminal;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// All commands under `varve`, and how their errors leave.
///
/// Reading the annotations of every verb takes longer than most verbs, so only the command that the
/// arguments name is read; help, completion and mistakes get the whole tree.
public final class CommandTree {
  private static final Map<String, Supplier<Object>> COMMANDS = commands();

  /// Commands that speak of all others.
  private static final Set<String> WHOLE_TREE = Set.of("help", "completion");

  private CommandTree() {}

  private static Map<String, Supplier<Object>> commands() {
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("pool", PoolGroup::new);
    commands.put("disk", DiskGroup::new);
    commands.put("snapshot", SnapshotGroup::new);
    commands.put("clone", CloneGroup::new);
    commands.put("job", JobGroup::new);
    commands.put("where", WhereAction::new);
    commands.put("io", IoAction::new);
    commands.put("check", CheckAction::new);
    commands.put("doctor", DoctorAction::new);
    commands.put("demo", DemoAction::new);
    commands.put("bench", BenchAction::new);
    commands.put("version", VersionAction::new);
    commands.put("completion", CompletionAction::new);
    commands.put("help", HelpAction::new);
    return commands;
  }

  /// Runs one command line; see [io.varve.cli.Main#run].
  public static int run(Terminal terminal, String... arguments) {
    Root root = new Root(terminal);
    try {
      int code = commandLine(root, arguments).execute(arguments);
      terminal.flush();
      return code;
    } catch (Throwable e) {
      return ErrorReport.of(root, e, arguments);
    }
  }

  /// The whole tree, for help and completion.
  static CommandLine whole(Root root) {
    return commandLine(root, COMMANDS.keySet());
  }

  private static CommandLine commandLine(Root root, String[] arguments) {
    String first = firstWord(arguments);
    boolean lean = first != null && COMMANDS.containsKey(first) && !WHOLE_TREE.contains(first);
    return commandLine(root, lean ? List.of(first) : COMMANDS.keySet());
  }

  private static CommandLine commandLine(Root root, Iterable<String> names) {
    CommandLine line = new CommandLine(root);
    for (String name : names) {
      line.addSubcommand(name, Objects.requireNonNull(COMMANDS.get(name)).get());
    }
    line.getCommandSpec().version("varve " + VersionAction.version());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setAbbreviatedOptionsAllowed(false);
    line.setUsageHelpWidth(100);
    line.setOut(new PrintWriter(root.terminal().out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(root.terminal().err(), true, StandardCharsets.UTF_8));
    line.setExecutionExceptionHandler((e, _, _) -> ErrorReport.of(root, e));
    line.setParameterExceptionHandler((e, given) -> ErrorReport.misunderstood(root, e, given));
    Help.layOut(line);
    return line;
  }

  /// The first word that is no option nor the value of one.
  private static @Nullable String firstWord(String[] arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].equals("--home")) {
        i++;
      } else if (!arguments[i].startsWith("-")) {
        return arguments[i];
      }
    }
    return null;
  }
}
