// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import io.varve.cli.Terminal;
import io.varve.engine.Varve;
import java.nio.file.Path;

/// The program around the demo. The demo types commands as a user would, so what it shows is what
/// they do.
public interface DemoHost {
  /// Runs one command line and returns its exit code.
  int run(Terminal terminal, String... arguments);

  /// Opens the engine on the catalog in a folder, for what no user would type.
  Varve open(Path home);
}
