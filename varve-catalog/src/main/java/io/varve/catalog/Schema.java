// SPDX-License-Identifier: Apache-2.0
package io.varve.catalog;

import io.varve.engine.catalog.CatalogException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.migration.JavaMigration;

/// Brings a catalog's tables to the newest version. One query decides whether there is anything to
/// do, because loading Flyway costs a command line more than all its other work.
final class Schema {
  private Schema() {}

  /// @param lockFile keeps two programs from migrating at the same time
  static void prepare(DataSource source, Path lockFile) throws SQLException {
    if (current(source)) {
      return;
    }
    synchronized (Schema.class) {
      try (FileChannel channel =
              FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        if (lock.isValid() && !current(source)) {
          migrate(source);
        }
      } catch (IOException e) {
        throw new CatalogException("catalog: cannot lock " + lockFile + ": " + e.getMessage(), e);
      }
    }
  }

  private static boolean current(DataSource source) throws SQLException {
    try (Connection connection = source.getConnection()) {
      if (!hasTables(connection)) {
        return false;
      }
      int version = version(connection);
      if (version > SqlMigration.NEWEST) {
        throw new CatalogException(
            "catalog: its tables are of version "
                + version
                + ", made by a newer Varve; this one knows "
                + SqlMigration.NEWEST
                + ". Use the newer Varve",
            null);
      }
      return version == SqlMigration.NEWEST;
    }
  }

  private static boolean hasTables(Connection connection) throws SQLException {
    try (ResultSet tables =
        connection.getMetaData().getTables(null, null, "varve_schema", new String[] {"TABLE"})) {
      return tables.next();
    }
  }

  private static int version(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT MAX(version) FROM varve_schema")) {
      return row.next() ? row.getInt(1) : 0;
    }
  }

  private static void migrate(DataSource source) {
    Flyway flyway =
        Flyway.configure(Schema.class.getClassLoader())
            .dataSource(source)
            .locations(new String[0])
            .javaMigrations(SqlMigration.all().toArray(JavaMigration[]::new))
            .load();
    // Loading sets the loggers that Flyway found on its own.
    FlywayLog.install();
    flyway.migrate();
  }
}
