// SPDX-License-Identifier: Apache-2.0
package io.varve.cli;

import io.varve.cli.command.CommandTree;
import io.varve.img.Console;
import io.varve.img.QemuImg;
import java.util.Arrays;

/// The program `varve`.
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    if (arguments.length > 0 && arguments[0].equals("img")) {
      // Its command line is qemu-img's, which no parser of ours may touch.
      String[] rest = Arrays.copyOfRange(arguments, 1, arguments.length);
      System.exit(QemuImg.run(Console.system("varve img"), rest));
    }
    // Runtime.halt would skip the shutdown hooks of the catalog; exit runs them.
    System.exit(run(Terminal.system(), arguments));
  }

  /// Runs one command and returns its exit code. Nothing is thrown.
  public static int run(Terminal terminal, String... arguments) {
    return CommandTree.run(terminal, arguments);
  }
}
