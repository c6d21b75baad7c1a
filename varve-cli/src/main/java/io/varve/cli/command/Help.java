// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/// How help looks: a verb shows its own options in full and names the common ones in one line, so
/// that what is particular is not lost among what is everywhere; a group gives one line to a verb.
final class Help {
  private static final String COMMON = "commonOptions";
  private static final int NAME_COLUMN = 22;

  private Help() {}

  /// Applies the layout to a command and all below it.
  static void layOut(CommandLine command) {
    UsageMessageSpec usage = command.getCommandSpec().usageMessage();
    usage.synopsisHeading("Usage: ").descriptionHeading("%n").optionListHeading("%nOptions:%n");
    usage.width(100);
    Map<String, CommandLine.IHelpSectionRenderer> sections = command.getHelpSectionMap();
    sections.put(UsageMessageSpec.SECTION_KEY_PARAMETER_LIST, Help::parameters);
    sections.put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, _ -> "");
    sections.put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, Help::commands);
    if (command.getParent() != null) {
      sections.put(UsageMessageSpec.SECTION_KEY_SYNOPSIS, Help::synopsis);
      sections.put(UsageMessageSpec.SECTION_KEY_OPTION_LIST_HEADING, _ -> "");
      sections.put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, Help::ownOptions);
      List<String> keys = new ArrayList<>(command.getHelpSectionKeys());
      // picocli hands the keys of a command down to those below it.
      keys.remove(COMMON);
      keys.add(COMMON);
      command.setHelpSectionKeys(keys);
      sections.put(COMMON, Help::common);
    }
    for (CommandLine sub : distinct(command.getCommandSpec()).values()) {
      layOut(sub);
    }
  }

  /// Aliases name the same command again.
  private static Map<String, CommandLine> distinct(CommandSpec spec) {
    Map<String, CommandLine> commands = new LinkedHashMap<>();
    for (CommandLine sub : spec.subcommands().values()) {
      commands.putIfAbsent(sub.getCommandSpec().name(), sub);
    }
    return commands;
  }

  private static List<OptionSpec> own(CommandSpec spec) {
    return spec.options().stream().filter(o -> !o.inherited() && !o.hidden()).toList();
  }

  /// The command with what it takes, such as `varve disk create [options] [POOL/]NAME SIZE`.
  static String synopsis(CommandSpec spec) {
    StringBuilder line = new StringBuilder(spec.qualifiedName());
    if (!own(spec).isEmpty()) {
      line.append(" [options]");
    }
    for (PositionalParamSpec parameter : spec.positionalParameters()) {
      if (!parameter.hidden()) {
        String label = parameter.paramLabel() + (parameter.arity().max() > 1 ? "..." : "");
        line.append(parameter.arity().min() == 0 ? " [" + label + "]" : " " + label);
      }
    }
    if (!spec.subcommands().isEmpty()) {
      line.append(" COMMAND");
    }
    return line.toString();
  }

  private static String synopsis(CommandLine.Help help) {
    return synopsis(help.commandSpec()) + System.lineSeparator();
  }

  /// Parameters that say everything by their name are in the synopsis already.
  private static String parameters(CommandLine.Help help) {
    StringBuilder text = new StringBuilder();
    for (PositionalParamSpec parameter : help.commandSpec().positionalParameters()) {
      if (!parameter.hidden() && parameter.description().length > 0) {
        text.append(entry(parameter.paramLabel(), String.join(" ", parameter.description())));
      }
    }
    return text.isEmpty() ? "" : System.lineSeparator() + text;
  }

  private static String commands(CommandLine.Help help) {
    StringBuilder text = new StringBuilder();
    for (CommandLine sub : distinct(help.commandSpec()).values()) {
      CommandSpec spec = sub.getCommandSpec();
      if (!spec.usageMessage().hidden()) {
        String names = String.join(", ", spec.names());
        text.append(entry(names, firstSentence(spec.usageMessage().description())));
      }
    }
    return text.isEmpty() ? "" : "%nCommands:%n".formatted() + text;
  }

  private static String entry(String name, String text) {
    return ("  %-" + NAME_COLUMN + "s %s%n").formatted(name, text);
  }

  static String firstSentence(String[] description) {
    String text = String.join(" ", description);
    int end = text.indexOf(". ");
    int colon = text.indexOf(": ");
    if (colon >= 0 && (end < 0 || colon < end)) {
      end = colon;
    }
    return (end < 0 ? text : text.substring(0, end)).replaceFirst("\\.$", "");
  }

  private static String ownOptions(CommandLine.Help help) {
    List<OptionSpec> own = own(help.commandSpec());
    return own.isEmpty() ? "" : "%nOptions:%n".formatted() + help.optionListExcludingGroups(own);
  }

  private static String common(CommandLine.Help help) {
    StringBuilder names = new StringBuilder();
    for (OptionSpec option : help.commandSpec().options()) {
      if (option.inherited() && !option.hidden()) {
        names.append(names.isEmpty() ? "" : " ").append(option.longestName());
      }
    }
    return "%nEvery command also takes%n  %s%n  (see varve --help)%n".formatted(names);
  }
}
