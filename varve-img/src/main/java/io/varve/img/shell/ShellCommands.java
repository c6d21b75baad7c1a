// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All commands, by their names. Only the class of a command that is asked for is loaded.
final class ShellCommands {
  private static final String[] NAMES = {
    "abort",
    "aio_flush",
    "aio_read",
    "aio_write",
    "alloc",
    "break",
    "close",
    "discard",
    "flush",
    "help",
    "info",
    "length",
    "map",
    "open",
    "quit",
    "read",
    "readv",
    "remove_break",
    "reopen",
    "resume",
    "sigraise",
    "sleep",
    "truncate",
    "wait_break",
    "write",
    "writev",
    "zone_append",
    "zone_close",
    "zone_finish",
    "zone_open",
    "zone_report",
    "zone_reset"
  };

  private ShellCommands() {}

  /// A fresh command of that name or short name, null where there is none.
  static @Nullable ShellCommand find(String name) {
    return switch (name) {
      case "read", "r" -> new ReadCommand();
      case "write", "w" -> new WriteCommand();
      case "readv" -> ReadvCommand.readv();
      case "writev" -> WritevCommand.writev();
      case "aio_read" -> ReadvCommand.aioRead();
      case "aio_write" -> WritevCommand.aioWrite();
      case "aio_flush" -> SimpleCommand.aioFlush();
      case "flush", "f" -> SimpleCommand.flush();
      case "discard", "d" -> new DiscardCommand();
      case "alloc", "a" -> new AllocCommand();
      case "map" -> new MapCommand();
      case "length", "l" -> SimpleCommand.length();
      case "info", "i" -> new InfoCommand();
      case "truncate", "t" -> new TruncateCommand();
      case "open", "o" -> new OpenCommand();
      case "close", "c" -> SimpleCommand.close();
      case "reopen" -> new ReopenCommand();
      case "sleep" -> new SleepCommand();
      case "help", "?" -> new HelpCommand();
      case "quit", "q" -> SimpleCommand.quit();
      default -> findRare(name);
    };
  }

  private static @Nullable ShellCommand findRare(String name) {
    return switch (name) {
      case "abort" -> SignalCommand.abort();
      case "sigraise" -> SignalCommand.sigraise();
      case "break" -> BreakCommand.set();
      case "remove_break" -> BreakCommand.remove();
      case "resume" -> BreakCommand.resume();
      case "wait_break" -> BreakCommand.await();
      case "zone_append", "zap" -> ZoneCommand.append();
      case "zone_close", "zc" -> ZoneCommand.close();
      case "zone_finish", "zf" -> ZoneCommand.finish();
      case "zone_open", "zo" -> ZoneCommand.open();
      case "zone_report", "zrp" -> ZoneCommand.report();
      case "zone_reset", "zrs" -> ZoneCommand.reset();
      default -> null;
    };
  }

  /// One of each, by name.
  static List<ShellCommand> all() {
    List<ShellCommand> commands = new ArrayList<>(NAMES.length);
    for (String name : NAMES) {
      ShellCommand command = find(name);
      if (command != null) {
        commands.add(command);
      }
    }
    return commands;
  }
}
