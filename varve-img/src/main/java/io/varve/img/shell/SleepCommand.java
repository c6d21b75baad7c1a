// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.util.List;

/// `sleep`: waits, and reports meanwhile what has ended.
final class SleepCommand extends ShellCommand {
  SleepCommand() {
    super("sleep", 1, 1, Needs.NOTHING, "", "waits for the given value in milliseconds");
  }

  @Override
  boolean run(Session session, List<String> words) {
    long millis = Numbers.integer(words.get(1));
    if (millis < 0) {
      session.out().print(words.get(1) + " is not a valid number\n");
      return false;
    }
    session.pending().reportAll();
    try {
      Thread.sleep(millis);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return true;
  }
}
