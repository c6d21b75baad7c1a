// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

/// The port of the catalog: an index of what the files of the pools say, and the journal of verbs
/// under way.
///
/// **Guarantees.** A transaction is atomic, isolated from others (also of other processes), and
/// durable when [#inTransaction] returns. Every update of a row names the version that it read; an
/// update of a row that changed in between throws [CatalogConflictException].
///
/// **Non-guarantees.** The catalog knows nothing of files, and may be behind them: whoever uses it
/// looks at the files and mends it.
///
/// **Threads.** Any thread; a thread must not begin a transaction inside one of its own.
public interface Catalog extends AutoCloseable {
  /// Runs `work` in one transaction that may write; rolls back if it throws.
  ///
  /// @throws CatalogException if the catalog cannot be read or written
  <T> T inTransaction(Work<T> work);

  @Override
  void close();

  /// What is done inside a transaction. It may run again if the catalog has to retry, so it does
  /// nothing but read and write the catalog.
  @FunctionalInterface
  interface Work<T> {
    T run(CatalogTx tx);
  }
}
