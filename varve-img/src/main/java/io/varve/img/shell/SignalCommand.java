// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `sigraise` and `abort`: the process ends as if it had crashed, with nothing flushed to the
/// image.
final class SignalCommand extends ShellCommand {
  private static final int ABORT = 6;
  private static final int KILL = 9;
  private static final int MOST = 64;

  private final boolean abort;

  private SignalCommand(
      boolean abort, String name, int arguments, @Nullable String usage, String summary) {
    super(name, arguments, arguments, Needs.NOTHING, usage == null ? "" : usage, summary);
    this.abort = abort;
  }

  static SignalCommand sigraise() {
    return new SignalCommand(false, "sigraise", 1, "signal", "raises a signal");
  }

  static SignalCommand abort() {
    return new SignalCommand(true, "abort", 0, null, "simulate a program crash using abort(3)");
  }

  @Override
  String help() {
    return abort ? "" : HelpTexts.SIGRAISE;
  }

  @Override
  boolean run(Session session, List<String> words) throws IOException {
    if (abort) {
      Runtime.getRuntime().halt(128 + ABORT);
    }
    long signal = Numbers.size(session.out(), words.get(1));
    if (signal < 0) {
      return false;
    }
    if (signal > MOST) {
      session
          .out()
          .print("signal argument '" + words.get(1) + "' is too large to be a valid signal\n");
      return false;
    }
    if (isFatal((int) signal)) {
      session.out().flush();
      session.console().err().flush();
      die((int) signal);
    }
    return true;
  }

  /// Those that a process survives unless it says otherwise, and the one it works with itself.
  private static boolean isFatal(int signal) {
    return switch (signal) {
      case 0, 10, 13, 17, 18, 19, 20, 21, 22, 23, 28 -> false;
      default -> true;
    };
  }

  private static void die(int signal) throws IOException {
    if (signal == KILL) {
      // A shell tells a process that was killed from one that exits with the same number.
      String self = String.valueOf(ProcessHandle.current().pid());
      Process kill = new ProcessBuilder("kill", "-KILL", self).start();
      try {
        kill.waitFor();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
    Runtime.getRuntime().halt(128 + signal);
  }
}
