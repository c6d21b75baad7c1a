// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.img.debug.DebugRules;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `break`, `remove_break`, `resume` and `wait_break`: requests that stop halfway. They need a
/// `blkdebug` node, which stops them.
final class BreakCommand extends ShellCommand {
  private enum Doing {
    SET,
    REMOVE,
    RESUME,
    WAIT
  }

  private final Doing doing;

  private BreakCommand(Doing doing, String name, int arguments, String usage, String summary) {
    super(name, arguments, arguments, Needs.IMAGE, usage, summary);
    this.doing = doing;
  }

  static BreakCommand set() {
    return new BreakCommand(
        Doing.SET,
        "break",
        2,
        "event tag",
        "sets a breakpoint on event and tags the stopped request as tag");
  }

  static BreakCommand remove() {
    return new BreakCommand(Doing.REMOVE, "remove_break", 1, "tag", "remove a breakpoint by tag");
  }

  static BreakCommand resume() {
    return new BreakCommand(Doing.RESUME, "resume", 1, "tag", "resumes the request tagged as tag");
  }

  static BreakCommand await() {
    return new BreakCommand(
        Doing.WAIT, "wait_break", 1, "tag", "waits for the suspension of a request");
  }

  @Override
  boolean run(Session session, List<String> words) {
    DebugRules rules = session.device().image().debugRules();
    String failure = rules == null ? DeviceException.UNSUPPORTED : tried(session, rules, words);
    if (failure == null) {
      return true;
    }
    String what =
        switch (doing) {
          case SET -> "set breakpoint";
          case REMOVE -> "remove breakpoint " + words.get(1);
          case RESUME -> "resume request";
          case WAIT -> "wait for breakpoint";
        };
    session.out().print("Could not " + what + ": " + failure + "\n");
    return false;
  }

  /// Null if it was done.
  private @Nullable String tried(Session session, DebugRules rules, List<String> words) {
    String tag = words.getLast();
    boolean done =
        switch (doing) {
          case SET -> rules.setBreakpoint(words.get(1), tag);
          case REMOVE -> rules.removeBreakpoint(tag);
          case RESUME -> rules.resume(tag);
          // Where nobody is left who could stop, waiting would never end.
          case WAIT -> session.pending().awaitStop(rules, tag);
        };
    if (done && doing != Doing.SET) {
      session.pending().settle();
    }
    return done ? null : "No such file or directory";
  }
}
