// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.EngineConfig;
import io.varve.engine.catalog.Catalog;
import io.varve.engine.catalog.CatalogTx;
import io.varve.image.op.Progress;
import java.util.UUID;
import java.util.function.Consumer;

/// What every part of the engine shares.
record Context(EngineConfig config, PoolLocks locks) {
  Context(EngineConfig config) {
    this(config, new PoolLocks(config));
  }

  Catalog catalog() {
    return config.catalog();
  }

  <T> T read(Catalog.Work<T> work) {
    return catalog().inTransaction(work);
  }

  void write(Consumer<CatalogTx> work) {
    catalog()
        .inTransaction(tx -> {
          work.accept(tx);
          return Boolean.TRUE;
        });
  }

  long now() {
    return config.clock().millis();
  }

  UUID newId() {
    return config.ids().get();
  }

  /// Marks a step of a journaled verb.
  void step(String verb, String step) {
    config.steps().before(verb, step);
  }

  Progress progress(String phase) {
    return (done, total) -> config.progress().progress(phase, done, total);
  }
}
