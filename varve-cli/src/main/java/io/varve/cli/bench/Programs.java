// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Other people's programs, as subjects of a measurement.
final class Programs {
  private Programs() {}

  /// Runs a program to its end.
  ///
  /// @throws IOException if it cannot be run, or fails
  static void run(Object... command) throws IOException {
    List<String> words = new ArrayList<>();
    for (Object word : command) {
      words.add(word.toString());
    }
    try {
      int code = new ProcessBuilder(words).inheritIO().start().waitFor();
      if (code != 0) {
        throw new IOException(words.getFirst() + " ended with " + code);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
