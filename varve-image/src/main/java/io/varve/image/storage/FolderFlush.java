// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import io.varve.ffi.Fd;
import io.varve.ffi.OpenFlag;
import io.varve.ffi.SystemCallException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/// Makes many new files of one folder durable in one step, instead of one each. It must be opened
/// before the first of them is written: only from then on does it hear of what could not be
/// written.
///
/// The step takes everything with it that is unwritten on that file system, whoever wrote it. So it
/// pays for many files, not for a few.
///
/// All methods may be called from any thread; errors begin with the path.
public final class FolderFlush implements Closeable {
  private final Path folder;
  private final Fd fd;

  private FolderFlush(Path folder, Fd fd) {
    this.folder = folder;
    this.fd = fd;
  }

  /// @throws java.nio.file.NoSuchFileException if there is no such folder
  public static FolderFlush open(Path folder) throws IOException {
    try {
      return new FolderFlush(folder, Fd.open(folder, 0, OpenFlag.DIRECTORY));
    } catch (SystemCallException e) {
      throw FileErrors.of(folder.toString(), "open", e);
    }
  }

  /// Makes the content of all files durable, and their names (syncfs).
  public void files() throws IOException {
    try {
      fd.syncfs();
    } catch (SystemCallException e) {
      throw FileErrors.of(folder.toString(), "flush of the file system", e);
    }
  }

  /// Makes the names alone durable (fsync of the folder).
  public void names() throws IOException {
    try {
      fd.fsync();
    } catch (SystemCallException e) {
      throw FileErrors.of(folder.toString(), "flush of the folder", e);
    }
  }

  @Override
  public void close() throws IOException {
    fd.close();
  }
}
