// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/// `discard`: the guest no longer needs a range.
final class DiscardCommand extends ShellCommand {
  DiscardCommand() {
    super(
        "discard",
        2,
        ANY,
        Needs.WRITABLE_IMAGE,
        "[-Cq] off len",
        "discards a number of bytes at a specified offset");
  }

  @Override
  String help() {
    return HelpTexts.DISCARD;
  }

  @Override
  boolean run(Session session, List<String> words) {
    PrintStream out = session.out();
    boolean machine = false;
    boolean quiet = false;
    CLikeOptions options = options(session, words, "Cq");
    for (int c = options.next(); c != CLikeOptions.END; c = options.next()) {
      switch (c) {
        case 'C' -> machine = true;
        case 'q' -> quiet = true;
        default -> {
          return misused(session);
        }
      }
    }
    if (options.operands().size() != 2) {
      return misused(session);
    }
    RequestRange range = RequestRange.of(out, options.operands(), RequestRange.MAX_BYTES, "");
    if (range == null) {
      return false;
    }
    session.pending().reportAll();
    long start = System.nanoTime();
    try {
      session.device().discard(range.offset(), range.length());
    } catch (IOException e) {
      out.print("discard failed: " + DeviceException.words(e) + "\n");
      return false;
    }
    if (!quiet) {
      long nanos = System.nanoTime() - start;
      Report.print(out, "discard", nanos, range.offset(), range.length(), machine);
    }
    return true;
  }
}
