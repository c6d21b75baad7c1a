// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.IntentRow;
import java.util.UUID;

/// An entry of the journal.
record Intent(IntentRow row, Args args) {
  static Intent of(IntentRow row) {
    return new Intent(row, Args.decode(row.args()));
  }

  UUID id() {
    return row.id();
  }

  UUID family() {
    return row.family();
  }
}
