// SPDX-License-Identifier: Apache-2.0
package io.varve.catalog;

import io.varve.engine.catalog.Catalog;
import io.varve.engine.catalog.CatalogConflictException;
import io.varve.engine.catalog.CatalogException;
import java.nio.file.Path;
import java.sql.SQLException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/// The catalog in one SQLite file.
///
/// **Durability.** Write-ahead log with `synchronous=FULL`: a transaction that returned survives a
/// crash of the machine. Every transaction begins as a writer (`BEGIN IMMEDIATE`), so that none
/// fails half-way because another process wrote in between; waiting ends after [#BUSY_MILLIS].
///
/// **Threads.** One connection; transactions of one program run one after another.
public final class SqliteCatalog implements Catalog {
  private static final int BUSY_MILLIS = 10_000;

  private final Path file;
  private final Handle handle;

  private SqliteCatalog(Path file, Handle handle) {
    this.file = file;
    this.handle = handle;
  }

  /// Opens the catalog, making or upgrading it where needed.
  ///
  /// @param file in a folder that exists
  /// @throws CatalogException if it cannot be opened
  public static Catalog open(Path file) {
    SQLiteDataSource source = new SQLiteDataSource(config());
    source.setUrl("jdbc:sqlite:" + file.toAbsolutePath());
    try {
      Schema.prepare(source, file.resolveSibling(file.getFileName() + ".migrating"));
      return new SqliteCatalog(file, Jdbi.create(source).open());
    } catch (SQLException | JdbiException e) {
      throw new CatalogException("catalog " + file + " cannot be opened: " + e.getMessage(), e);
    }
  }

  private static SQLiteConfig config() {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.enforceForeignKeys(true);
    config.setBusyTimeout(BUSY_MILLIS);
    config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
    return config;
  }

  @Override
  public synchronized <T> T inTransaction(Work<T> work) {
    try {
      return handle.inTransaction(h -> work.run(new SqlTx(h)));
    } catch (JdbiException e) {
      throw translated(e);
    }
  }

  private CatalogException translated(JdbiException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLiteException sqlite
          && (sqlite.getResultCode().code & 0xff) == SQLiteErrorCode.SQLITE_CONSTRAINT.code) {
        return new CatalogConflictException(
            "catalog "
                + file
                + ": it is there already, or what it belongs to is gone ("
                + sqlite.getMessage()
                + ")");
      }
      if (cause instanceof SQLException) {
        return new CatalogException("catalog " + file + ": " + cause.getMessage(), e);
      }
    }
    return new CatalogException("catalog " + file + ": " + e.getMessage(), e);
  }

  @Override
  public synchronized void close() {
    handle.close();
  }
}
