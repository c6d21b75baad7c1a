// SPDX-License-Identifier: Apache-2.0
package io.varve.cli;

import io.varve.cli.command.CommandTree;

/// The program `varve`.
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    // Runtime.halt would skip the shutdown hooks of the catalog; exit runs them.
    System.exit(run(Terminal.system(), arguments));
  }

  /// Runs one command and returns its exit code. Nothing is thrown.
  public static int run(Terminal terminal, String... arguments) {
    return CommandTree.run(terminal, arguments);
  }
}
