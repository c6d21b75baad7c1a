// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `varve help snapshot create` for `varve snapshot create --help`.
@Command(
    name = "help",
    description = "Explains a command.",
    footerHeading = "%nExample:%n",
    footer = "  varve help snapshot create")
final class HelpAction extends Action {
  @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "the command to explain")
  List<String> words = new ArrayList<>();

  @Override
  void run(Session session) {
    CommandLine command = CommandTree.whole(session.options());
    for (String word : words) {
      CommandLine sub = command.getSubcommands().get(word);
      if (sub == null) {
        throw new UsageException(
            "'%s' has no command '%s'".formatted(command.getCommandSpec().qualifiedName(), word),
            "see: %s --help".formatted(command.getCommandSpec().qualifiedName()));
      }
      command = sub;
    }
    session.terminal().out().print(command.getUsageMessage());
  }
}
