// SPDX-License-Identifier: Apache-2.0
package io.varve.img.text;

import io.varve.img.Console;

/// What `--version` and `--help` print.
public final class HelpText {
  private HelpText() {}

  /// The version line: the QEMU release whose command line this is.
  public static void version(Console console) {
    console.out().print(console.program() + " version 10.0.2 (Varve)\n");
  }

  public static void print(Console console) {
    version(console);
  }
}
