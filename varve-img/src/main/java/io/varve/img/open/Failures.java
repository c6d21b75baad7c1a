// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.ffi.SystemCallException;
import io.varve.image.ImageException;
import io.varve.image.ImageInUseException;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.ReadOnlyStorageException;
import io.varve.img.ImgException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/// Finds QEMU's words for what the library and the system say.
public final class Failures {
  private Failures() {}

  /// The message of a failure that no command has caught.
  public static String words(IOException e) {
    if (e instanceof FileSystemException file && file.getFile() != null) {
      return file.getFile() + ": " + reason(e);
    }
    return reason(e);
  }

  /// Another process is in the way.
  ///
  /// @param name of the file, as the user gave it
  public static ImgException inUse(ImageInUseException e, String name) {
    String lock = e.lock();
    if (lock == null) {
      return new ImgException("Could not open '" + name + "': Device or resource busy");
    }
    return new ImgException("Failed to get " + lock + " lock")
        .withHint("Is another process using the image [" + name + "]?");
  }

  /// The reason alone, as `strerror` says it where the system gave one.
  public static String reason(IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SystemCallException call) {
        return SystemErrors.text(call.number());
      }
      if (cause instanceof Qcow2FormatException format) {
        return format.what();
      }
      if (cause instanceof ImageException image && image.words() != null) {
        return image.words();
      }
    }
    return wordsOf(e);
  }

  /// One test after the other: a switch over types spins classes at its first use.
  private static String wordsOf(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "No such file or directory";
    }
    if (e instanceof AccessDeniedException) {
      return "Permission denied";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "File exists";
    }
    if (e instanceof NotDirectoryException) {
      return "Not a directory";
    }
    if (e instanceof NoSpaceException) {
      return "No space left on device";
    }
    if (e instanceof ReadOnlyStorageException) {
      return "Read-only file system";
    }
    if (e instanceof FileSystemException file && file.getReason() != null) {
      return file.getReason();
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
