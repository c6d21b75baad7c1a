// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.IOException;
import java.util.List;

/// Commands without arguments that ask or tell the image one thing.
final class SimpleCommand extends ShellCommand {
  private enum Doing {
    CLOSE,
    FLUSH,
    AIO_FLUSH,
    LENGTH,
    QUIT
  }

  private final Doing doing;

  private SimpleCommand(Doing doing, String name, Needs needs, String summary) {
    super(name, 0, doing == Doing.QUIT ? ANY : 0, needs, "", summary);
    this.doing = doing;
  }

  static SimpleCommand close() {
    return new SimpleCommand(Doing.CLOSE, "close", Needs.IMAGE, "close the current open file");
  }

  static SimpleCommand flush() {
    return new SimpleCommand(
        Doing.FLUSH, "flush", Needs.IMAGE, "flush all in-core file state to disk");
  }

  static SimpleCommand aioFlush() {
    return new SimpleCommand(
        Doing.AIO_FLUSH, "aio_flush", Needs.IMAGE, "completes all outstanding aio requests");
  }

  static SimpleCommand length() {
    return new SimpleCommand(
        Doing.LENGTH, "length", Needs.IMAGE, "gets the length of the current file");
  }

  static SimpleCommand quit() {
    return new SimpleCommand(Doing.QUIT, "quit", Needs.NOTHING, "exit the program");
  }

  @Override
  boolean run(Session session, List<String> words) throws IOException {
    switch (doing) {
      case CLOSE -> session.close();
      case FLUSH -> {
        return flushed(session);
      }
      case AIO_FLUSH -> session.pending().reportAll();
      case LENGTH -> session.out().print(Numbers.amount(session.device().size()) + "\n");
      case QUIT -> session.quit();
    }
    return true;
  }

  /// A flush that fails says nothing; only the exit code tells.
  private static boolean flushed(Session session) {
    try {
      session.device().flush();
      return true;
    } catch (IOException _) {
      return false;
    }
  }
}
