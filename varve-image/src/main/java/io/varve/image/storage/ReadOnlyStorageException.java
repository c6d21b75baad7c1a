// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.io.IOException;

/// A change was asked of a storage that was opened read-only.
public final class ReadOnlyStorageException extends IOException {
  private static final long serialVersionUID = 1L;

  public ReadOnlyStorageException(String message) {
    super(message);
  }
}
