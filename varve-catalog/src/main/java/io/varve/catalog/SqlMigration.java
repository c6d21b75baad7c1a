// SPDX-License-Identifier: Apache-2.0
package io.varve.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Statement;
import java.util.List;
import java.util.zip.CRC32;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;

/// One step of the schema: an SQL file of this module, handed to Flyway as an object, because
/// Flyway cannot look for files inside a named module.
final class SqlMigration implements JavaMigration {
  /// The version of the newest step.
  static final int NEWEST = 3;

  private final int version;
  private final String description;
  private final String text;

  private SqlMigration(int version, String description) {
    this.version = version;
    this.description = description;
    this.text = read("V" + version + "__" + description + ".sql");
  }

  static List<SqlMigration> all() {
    return List.of(
        new SqlMigration(1, "catalog"),
        new SqlMigration(2, "jobs"),
        new SqlMigration(NEWEST, "holds"));
  }

  private static String read(String file) {
    try (InputStream in = SqlMigration.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(file + " is not in this build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(file + " cannot be read", e);
    }
  }

  @Override
  public MigrationVersion getVersion() {
    return MigrationVersion.fromVersion(Integer.toString(version));
  }

  @Override
  public String getDescription() {
    return description;
  }

  @Override
  public Integer getChecksum() {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return (int) crc.getValue();
  }

  @Override
  public boolean canExecuteInTransaction() {
    return true;
  }

  @Override
  public void migrate(Context context) throws Exception {
    try (Statement statement = context.getConnection().createStatement()) {
      for (String part : text.replaceAll("(?m)^--.*$", "").split(";")) {
        if (!part.isBlank()) {
          statement.execute(part.strip());
        }
      }
    }
  }
}
