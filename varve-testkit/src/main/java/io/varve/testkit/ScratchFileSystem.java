// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// A file system of a test's own, mounted for as long as it is open. Where the machine does not
/// allow that (not root, no such tool) the test is skipped.
///
/// @param root the folder that it is mounted on
public record ScratchFileSystem(Path root) implements Closeable {
  /// A tmpfs of so many bytes: for running out of space.
  public static ScratchFileSystem tmpfs(Path folder, long bytes) throws IOException {
    Path root = Files.createDirectories(folder.resolve("tmpfs"));
    return mount(root, "-t", "tmpfs", "-o", "size=" + bytes, "tmpfs");
  }

  /// An XFS, which can share blocks, in a sparse file of 320 MiB.
  public static ScratchFileSystem xfs(Path folder) throws IOException {
    Path file = folder.resolve("xfs.img");
    try (RandomAccessFile device = new RandomAccessFile(file.toFile(), "rw")) {
      device.setLength(320L << 20);
    }
    run(List.of("mkfs.xfs", "-q", "-f", "-m", "reflink=1", file.toString()));
    Path root = Files.createDirectories(folder.resolve("xfs"));
    return mount(root, "-o", "loop", file.toString());
  }

  private static ScratchFileSystem mount(Path root, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("mount"));
    command.addAll(Arrays.asList(arguments));
    command.add(root.toString());
    run(command);
    return new ScratchFileSystem(root);
  }

  private static void run(List<String> command) throws IOException {
    ToolRun run;
    try {
      run = ToolRun.of(command);
    } catch (IOException e) {
      run = Assumptions.abort(command.getFirst() + " cannot be run: " + e.getMessage());
    }
    if (run.exit() != 0) {
      Assumptions.abort("no file system of our own: " + run);
    }
  }

  @Override
  public void close() throws IOException {
    ToolRun.of(List.of("umount", root.toString())).ok();
  }
}
