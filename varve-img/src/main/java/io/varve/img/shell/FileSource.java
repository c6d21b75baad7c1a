// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.img.Console;
import io.varve.img.open.Failures;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The content of a file, over and over.
final class FileSource implements Device.Source, Closeable {
  private final Path path;
  private InputStream in;

  private FileSource(Path path, InputStream in) {
    this.path = path;
    this.in = in;
  }

  /// Opens a file; complains and answers null if it cannot be read or has nothing in it.
  static @Nullable FileSource open(Console console, String name) throws IOException {
    Path path = console.resolve(name);
    try (InputStream first = Files.newInputStream(path)) {
      if (first.read() < 0) {
        console.line(name + ": file is empty");
        return null;
      }
      return new FileSource(path, Files.newInputStream(path));
    } catch (IOException e) {
      console.line(name + ": " + Failures.reason(e));
      return null;
    }
  }

  @Override
  public void fill(byte[] bytes, int length) throws IOException {
    int filled = 0;
    while (filled < length) {
      int got = in.readNBytes(bytes, filled, length - filled);
      filled += got;
      if (filled < length) {
        in.close();
        in = Files.newInputStream(path);
        if (got == 0 && in.available() == 0) {
          throw new DeviceException(DeviceException.IO_ERROR);
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
