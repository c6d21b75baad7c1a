// SPDX-License-Identifier: Apache-2.0
package io.varve.catalog;

import io.varve.engine.catalog.Catalog;
import java.nio.file.Path;

/// The catalog in one SQLite file.
public final class SqliteCatalog {
  private SqliteCatalog() {}

  /// Opens the catalog, making or upgrading it where needed.
  ///
  /// @throws io.varve.engine.catalog.CatalogException if it cannot be opened
  public static Catalog open(Path file) {
    throw new IllegalStateException("the catalog " + file + " is being written");
  }
}
