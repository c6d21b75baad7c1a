// SPDX-License-Identifier: Apache-2.0
package io.varve.catalog;

import io.varve.engine.catalog.Catalog;
import io.varve.engine.catalog.MemoryCatalog;

final class MemoryCatalogTest extends CatalogContract {
  @Override
  Catalog openCatalog() {
    return new MemoryCatalog();
  }
}
