// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.ffi.SystemCallException;
import io.varve.image.ImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.ReadOnlyStorageException;
import io.varve.img.open.Failures;
import java.io.IOException;
import java.nio.file.AccessDeniedException;

/// A request failed; the message is what `strerror` says.
final class DeviceException extends IOException {
  private static final long serialVersionUID = 1L;

  static final String IO_ERROR = "Input/output error";
  static final String INVALID = "Invalid argument";
  static final String UNSUPPORTED = "Operation not supported";
  static final String NOT_PERMITTED = "Operation not permitted";
  static final String NO_SPACE = "No space left on device";

  DeviceException(String words) {
    super(words);
  }

  /// What `strerror` would say of a failed request.
  static String words(IOException failure) {
    if (failure instanceof DeviceException device) {
      return String.valueOf(device.getMessage());
    }
    if (failure instanceof NoSpaceException) {
      return NO_SPACE;
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      boolean told = cause instanceof ImageException image && image.words() != null;
      if (told || cause instanceof SystemCallException) {
        return Failures.reason(failure);
      }
    }
    if (failure instanceof UnsupportedImageException) {
      return UNSUPPORTED;
    }
    if (failure instanceof ReadOnlyStorageException) {
      return NOT_PERMITTED;
    }
    return failure instanceof AccessDeniedException ? "Permission denied" : IO_ERROR;
  }
}
