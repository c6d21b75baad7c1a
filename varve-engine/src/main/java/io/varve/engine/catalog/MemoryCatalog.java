// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

/// A catalog that lives as long as the program: for tests, and for tools that keep nothing.
/// Transactions run one after another.
public final class MemoryCatalog implements Catalog {
  private MemoryTables tables = new MemoryTables();

  @Override
  public synchronized <T> T inTransaction(Work<T> work) {
    MemoryTables copy = tables.copy();
    T result = work.run(copy);
    tables = copy;
    return result;
  }

  @Override
  public void close() {}
}
