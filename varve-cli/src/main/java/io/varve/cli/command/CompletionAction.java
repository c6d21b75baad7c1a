// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine.Command;

/// Completion for the shell.
@Command(
    name = "completion",
    description = "Prints a script for bash and zsh that completes commands and options.",
    footerHeading = "%nExample:%n",
    footer = "  source <(varve completion)      in ~/.bashrc makes it permanent")
final class CompletionAction extends Action {
  @Override
  void run(Session session) {
    String script = AutoComplete.bash("varve", CommandTree.whole(session.options()));
    session.answer(Map.of("shell", "bash", "script", script), script);
  }
}
