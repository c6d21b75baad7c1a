// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.util.List;

/// `break`, `remove_break`, `resume` and `wait_break`: requests that stop halfway. They need a
/// driver that stops them.
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
    String unsupported = DeviceException.UNSUPPORTED + "\n";
    switch (doing) {
      case SET -> session.out().print("Could not set breakpoint: " + unsupported);
      case REMOVE ->
          session.out().print("Could not remove breakpoint " + words.get(1) + ": " + unsupported);
      case RESUME -> session.out().print("Could not resume request: " + unsupported);
      // Waiting for what never comes would wait for ever.
      case WAIT -> session.out().print("Could not wait for breakpoint: " + unsupported);
    }
    return false;
  }
}
