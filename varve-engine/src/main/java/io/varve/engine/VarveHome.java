// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where a user's catalog lies.
public final class VarveHome {
  private static final Path SYSTEM = Path.of("/var/lib/varve");

  private VarveHome() {}

  /// The folder, created where missing: the option, else `VARVE_HOME`, else `/var/lib/varve` where
  /// that can be written, else `$XDG_STATE_HOME/varve`, else `~/.local/state/varve`.
  ///
  /// @param option what the user said, or null
  /// @param environment as of [System#getenv()]
  /// @throws StoreException if the folder cannot be made
  public static Path resolve(@Nullable Path option, Map<String, String> environment) {
    Path home = choose(option, environment).toAbsolutePath().normalize();
    try {
      Files.createDirectories(home);
    } catch (IOException e) {
      throw new StoreException(
          ProblemCode.READ_ONLY,
          "the folder of the catalog " + home + " cannot be made: " + why(e),
          "Name another one with --home or VARVE_HOME.",
          e);
    }
    return home;
  }

  /// Of these two the message is the path alone.
  private static @Nullable String why(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "its parent folder takes none";
      case AccessDeniedException _ -> "permission denied";
      default -> e.getMessage();
    };
  }

  private static Path choose(@Nullable Path option, Map<String, String> environment) {
    if (option != null) {
      return option;
    }
    String named = environment.get("VARVE_HOME");
    if (named != null && !named.isBlank()) {
      return Path.of(named);
    }
    if (Files.isWritable(SYSTEM) || Files.isWritable(SYSTEM.getParent())) {
      return SYSTEM;
    }
    String state = environment.get("XDG_STATE_HOME");
    if (state != null && !state.isBlank()) {
      return Path.of(state, "varve");
    }
    return Path.of(environment.getOrDefault("HOME", "."), ".local", "state", "varve");
  }
}
