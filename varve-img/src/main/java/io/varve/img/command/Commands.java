// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import org.jspecify.annotations.Nullable;

/// Finds a command by its name. Only the class of the command that runs is loaded.
public final class Commands {
  private Commands() {}

  /// The command of that name, null where there is none.
  public static @Nullable Command find(String name) {
    return switch (name) {
      case "bench" -> new BenchCommand();
      case "amend" -> new AmendCommand();
      case "bitmap" -> new BitmapCommand();
      case "check" -> new CheckCommand();
      case "commit" -> new CommitCommand();
      case "compare" -> new CompareCommand();
      case "convert" -> new ConvertCommand();
      case "create" -> new CreateCommand();
      case "dd" -> new DdCommand();
      case "info" -> new InfoCommand();
      case "map" -> new MapCommand();
      case "measure" -> new MeasureCommand();
      case "rebase" -> new RebaseCommand();
      case "resize" -> new ResizeCommand();
      case "snapshot" -> new SnapshotCommand();
      default -> null;
    };
  }
}
