// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.PrintStream;
import java.util.List;

/// `help`: all commands, or one.
final class HelpCommand extends ShellCommand {
  HelpCommand() {
    super("help", 0, 1, Needs.NOTHING, "[command]", "help for one or all commands");
  }

  @Override
  boolean run(Session session, List<String> words) {
    PrintStream out = session.out();
    if (words.size() == 1) {
      for (ShellCommand command : ShellCommands.all()) {
        out.print(command.usage());
      }
      out.print("\nUse 'help commandname' for extended help.\n");
      return true;
    }
    ShellCommand command = ShellCommands.find(words.get(1));
    if (command == null) {
      out.print("command " + words.get(1) + " not found\n");
      return false;
    }
    out.print(command.usage());
    out.print(command.help());
    return true;
  }
}
