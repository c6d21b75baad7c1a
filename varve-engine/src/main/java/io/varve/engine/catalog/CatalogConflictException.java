// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

/// A row changed between being read and being written, or a name was taken in between.
public final class CatalogConflictException extends CatalogException {
  private static final long serialVersionUID = 1L;

  public CatalogConflictException(String message) {
    super(message, null);
  }
}
