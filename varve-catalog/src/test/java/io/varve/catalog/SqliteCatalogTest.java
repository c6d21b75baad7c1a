// SPDX-License-Identifier: Apache-2.0
package io.varve.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.catalog.Catalog;
import io.varve.engine.catalog.CatalogException;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.QuorumProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SqliteCatalogTest extends CatalogContract {
  @TempDir Path folder;

  @Override
  Catalog openCatalog() {
    return SqliteCatalog.open(folder.resolve("catalog.db"));
  }

  private static PoolRow pool(String name) {
    return new PoolRow(
        UUID.nameUUIDFromBytes(name.getBytes()),
        name,
        "/" + name,
        PoolKind.VIRTUAL,
        QuorumProfile.QUORUM,
        0);
  }

  private static void insert(Catalog catalog, String name) {
    catalog.inTransaction(tx -> {
      tx.insert(pool(name));
      return true;
    });
  }

  @Test
  void keepsWhatWasCommittedWhenOpenedAgain() {
    try (Catalog first = openCatalog()) {
      insert(first, "kept");
    }
    try (Catalog second = openCatalog()) {
      assertThat(second.<Boolean>inTransaction(tx -> tx.pool("kept").isPresent())).isTrue();
    }
  }

  @Test
  void isSeenByAnotherConnectionAtOnce() {
    try (Catalog one = openCatalog();
        Catalog two = openCatalog()) {
      insert(one, "a");
      insert(two, "b");
      assertThat(one.<Integer>inTransaction(tx -> tx.pools().size())).isEqualTo(2);
      assertThat(two.<Integer>inTransaction(tx -> tx.pools().size())).isEqualTo(2);
    }
  }

  @Test
  void isDurableByWriteAheadLogAndFullSync() throws SQLException {
    try (Connection raw =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("catalog.db"));
        Statement statement = raw.createStatement();
        ResultSet row = statement.executeQuery("PRAGMA journal_mode")) {
      assertThat(row.getString(1)).isEqualTo("wal");
    }
  }

  @Test
  void refusesTablesOfANewerVersion() throws SQLException {
    openCatalog().close();
    try (Connection raw =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("catalog.db"));
        Statement statement = raw.createStatement()) {
      statement.execute("INSERT INTO varve_schema (version) VALUES (99)");
    }
    assertThatThrownBy(this::openCatalog)
        .isInstanceOf(CatalogException.class)
        .hasMessageContaining("newer Varve");
  }

  @Test
  void saysWhichFileIsNoCatalog() throws IOException {
    Path file = folder.resolve("other.db");
    Files.writeString(file, "this is not a database, and long enough to be looked at as one\n");
    assertThatThrownBy(() -> SqliteCatalog.open(file))
        .isInstanceOf(CatalogException.class)
        .hasMessageContaining("other.db");
  }

  @Test
  void saysWhichFolderIsMissing() {
    assertThatThrownBy(() -> SqliteCatalog.open(folder.resolve("no/catalog.db")))
        .isInstanceOf(CatalogException.class)
        .hasMessageContaining("catalog.db");
  }

  @Test
  void bringsTablesOfTheFirstVersionUp() throws SQLException {
    try (Catalog first = openCatalog()) {
      insert(first, "kept");
    }
    try (Connection raw =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("catalog.db"));
        Statement statement = raw.createStatement()) {
      statement.execute("DROP TABLE job");
      statement.execute("DROP TABLE hold");
      statement.execute("DELETE FROM varve_schema WHERE version > 1");
      statement.execute("DELETE FROM flyway_schema_history WHERE version > '1'");
    }
    try (Catalog upgraded = openCatalog()) {
      assertThat(upgraded.<Boolean>inTransaction(tx -> tx.pool("kept").isPresent())).isTrue();
      assertThat(upgraded.<Integer>inTransaction(tx -> tx.jobs().size())).isZero();
    }
  }
}
