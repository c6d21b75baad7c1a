// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import io.varve.ffi.SystemCallException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/// Turns a failed system call into the exception that a caller can act on, with the path in front.
final class FileErrors {
  private FileErrors() {}

  /// @param name the path as the user knows it
  /// @param doing what was being done, with position and length where it has them
  static IOException of(String name, String doing, SystemCallException e) {
    String reason = doing + ": " + e.reason();
    IOException result =
        switch (e.errno()) {
          case ENOSPC, EDQUOT ->
              new NoSpaceException(name + ": " + reason + ". Free space on it and try again");
          case ENOENT -> new NoSuchFileException(name, null, reason);
          case EEXIST -> new FileAlreadyExistsException(name, null, reason);
          case EACCES, EPERM, EROFS -> new AccessDeniedException(name, null, reason);
          default -> new FileSystemException(name, null, reason);
        };
    result.initCause(e);
    return result;
  }
}
