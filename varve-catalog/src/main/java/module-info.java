// SPDX-License-Identifier: Apache-2.0

/// The catalog of the engine, in SQLite.
@org.jspecify.annotations.NullMarked
module io.varve.catalog {
  requires static transitive org.jspecify;
  requires transitive io.varve.engine;
  requires java.sql;
  requires org.jdbi.v3.core;
  requires flyway.core;
  requires org.xerial.sqlitejdbc;
  // jdbi is an automatic module and cannot say that it needs this one.
  requires io.leangen.geantyref;

  exports io.varve.catalog;
}
