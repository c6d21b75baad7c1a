// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// A block device made of a file (`losetup`), for as long as it is open. The kernel frees it when
/// the last user has closed it, at the latest.
///
/// @param path such as `/dev/loop3`
public record LoopDevice(Path path) implements Closeable {
  /// A device over a new file of zeros, or the end of this test where the machine gives none.
  public static LoopDevice require(Path file, long size) throws IOException {
    Files.deleteIfExists(file);
    try (RandomAccessFile backing = new RandomAccessFile(file.toFile(), "rw")) {
      backing.setLength(size);
    }
    try {
      ToolRun run = ToolRun.of(List.of("losetup", "--find", "--show", file.toString()));
      Path path = Path.of(run.out().strip());
      if (run.exit() == 0 && Files.isReadable(path) && Files.isWritable(path)) {
        return new LoopDevice(path);
      }
      return Assumptions.abort("no loop device to be had: " + run.err());
    } catch (IOException e) {
      return Assumptions.abort("no losetup: " + e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    ToolRun.of(List.of("losetup", "--detach", path.toString()));
  }
}
