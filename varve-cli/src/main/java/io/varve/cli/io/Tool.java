// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A program of the machine that is called for a second opinion: QEMU's and ext4's own tools. For
/// one thread.
public final class Tool {
  /// How a call ended.
  ///
  /// @param exit its exit code
  /// @param text what it wrote to both streams
  public record Result(int exit, String text) {
    public boolean ok() {
      return exit == 0;
    }

    /// The first line that says something, for a verdict.
    public String firstLine() {
      return text.lines().filter(line -> !line.isBlank()).findFirst().orElse("").strip();
    }
  }

  private static final List<String> FOLDERS = List.of("/usr/sbin", "/sbin", "/usr/local/sbin");

  private final Path program;

  private Tool(Path program) {
    this.program = program;
  }

  /// The program of that name: on the PATH, or where root's tools lie.
  public static Optional<Tool> find(String name, String searchPath) {
    List<String> folders = new ArrayList<>(List.of(searchPath.split(":")));
    folders.addAll(FOLDERS);
    return folders.stream()
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Tool::new);
  }

  public Path program() {
    return program;
  }

  /// Runs it to its end, in the language of C, with nothing on its input.
  public Result run(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    Process process = builder.start();
    try {
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Result(process.waitFor(), text);
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + program, e);
    }
  }

  /// As [#run], for calls that must succeed.
  public String must(Object... arguments) throws IOException {
    Result result = run(arguments);
    if (!result.ok()) {
      throw new IOException(
          "%s ended with %d: %s".formatted(program, result.exit(), result.text().strip()));
    }
    return result.text();
  }
}
