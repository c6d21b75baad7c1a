// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import org.jspecify.annotations.Nullable;

/// The catalog cannot be opened, read or written. The message names it and says why.
public class CatalogException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CatalogException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
