// SPDX-License-Identifier: Apache-2.0

/// The command line.
@org.jspecify.annotations.NullMarked
module io.varve.cli {
  requires static transitive org.jspecify;
  requires io.varve.catalog;
  requires io.varve.engine;
  requires io.varve.image;
  requires io.varve.img;
  requires info.picocli;
  requires tools.jackson.core;

  exports io.varve.cli;

  // picocli sets the fields of the commands; nobody else looks inside.
  opens io.varve.cli.command to
      info.picocli;
}
