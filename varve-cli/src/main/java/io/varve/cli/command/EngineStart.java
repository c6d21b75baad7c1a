// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.catalog.SqliteCatalog;
import io.varve.cli.Terminal;
import io.varve.engine.EngineConfig;
import io.varve.engine.ProgressListener;
import io.varve.engine.Varve;
import io.varve.engine.VarveHome;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Puts the engine and its catalog together. In a class of its own, so that help, version and
/// mistakes load neither.
final class EngineStart {
  private static final String CATALOG = "catalog.db";

  private EngineStart() {}

  static Varve open(@Nullable Path home, Terminal terminal, ProgressListener progress) {
    Path folder = VarveHome.resolve(home, terminal.environment());
    return Varve.open(
        EngineConfig.of(folder, SqliteCatalog.open(folder.resolve(CATALOG)))
            .withProgress(progress));
  }
}
