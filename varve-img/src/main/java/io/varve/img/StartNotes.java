// SPDX-License-Identifier: Apache-2.0
package io.varve.img;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The launchers' notes for a fast start, seen from the program that they have started.
final class StartNotes {
  private StartNotes() {}

  /// Drops the notes where they were made with another JVM than this one, as after an update of the
  /// JDK in its place: the launcher cannot see that without starting a program, and the JVM ignores
  /// the cache of another without a word. The next start makes new ones.
  static void dropIfStale() {
    String vm = System.getProperty("varve.vm");
    String start = System.getProperty("varve.start");
    if (vm == null || start == null || vm.equals(System.getProperty("java.runtime.version"))) {
      return;
    }
    try {
      Files.deleteIfExists(Path.of(start, "env"));
    } catch (IOException _) {
      // Whoever may write there gets to it.
    }
  }
}
