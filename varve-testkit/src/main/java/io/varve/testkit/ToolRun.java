// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// One finished run of a program.
///
/// @param command what was run
/// @param exit its exit code
/// @param out standard output
/// @param err standard error
public record ToolRun(List<String> command, int exit, String out, String err) {
  private static final long SECONDS = 120;

  /// Runs a program to its end; a program that hangs is killed and fails the test.
  public static ToolRun of(List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("LC_ALL", "C");
    builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
    Process process = builder.start();
    CompletableFuture<String> err = text(process.getErrorStream());
    CompletableFuture<String> out = text(process.getInputStream());
    try {
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(String.join(" ", command) + " ran for over " + SECONDS + " s");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return new ToolRun(List.copyOf(command), process.exitValue(), out.join(), err.join());
  }

  private static CompletableFuture<String> text(InputStream stream) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        task -> Thread.ofVirtual().start(task));
  }

  /// This run, or a failure of the test if it did not end with 0.
  public ToolRun ok() {
    if (exit != 0) {
      throw new AssertionError(toString());
    }
    return this;
  }

  @Override
  public String toString() {
    return String.join(" ", command) + "\nexit " + exit + "\n" + out + err;
  }
}
