// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/// Temporary folders in memory where the machine has room for them, for tests that flush often and
/// do not care whether it lasts.
final class MemoryFolder implements TempDirFactory {
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");
  private static final long ROOM = 256L << 20;

  @Override
  public Path createTempDirectory(
      AnnotatedElementContext elementContext, ExtensionContext extensionContext)
      throws IOException {
    boolean fits =
        Files.isDirectory(SHARED_MEMORY)
            && Files.isWritable(SHARED_MEMORY)
            && Files.getFileStore(SHARED_MEMORY).getUsableSpace() >= ROOM;
    return fits
        ? Files.createTempDirectory(SHARED_MEMORY, "varve")
        : Files.createTempDirectory("varve");
  }
}
