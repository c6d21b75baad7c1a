// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
    return of(command, Path.of("").toAbsolutePath(), "");
  }

  /// Runs a program in a folder, with `input` as its standard input.
  public static ToolRun of(List<String> command, Path directory, String input) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().put("LC_ALL", "C");
    Process process = builder.start();
    CompletableFuture<String> err = text(process.getErrorStream());
    CompletableFuture<String> out = text(process.getInputStream());
    try (OutputStream to = process.getOutputStream()) {
      to.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // A program may end before it has read all that it was given; its exit code tells more.
    }
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
