// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// One thing a user can ask for. A verb reads its options, asks the engine, and hands the answer to
/// its [Session], which prints it as text, table or JSON.
abstract class Action implements Callable<Integer> {
  @Spec @Nullable CommandSpec spec;

  /// Does the work. What it throws becomes an error message and an exit code.
  abstract void run(Session session) throws Exception;

  @Override
  public final Integer call() throws Exception {
    try (Session session = Session.of(Objects.requireNonNull(spec, "set by picocli"))) {
      run(session);
      return session.exitCode();
    }
  }
}
