// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.qcow2.format.VarveIdentity;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Finds the snapshot of a disk that has the content of a snapshot elsewhere: because it is that
/// one, or because its header says that it is a copy of it.
final class CopyOfSnapshot {
  private final Parts parts;
  private final Resolver.Found found;

  CopyOfSnapshot(Parts parts, Resolver.Found found) {
    this.parts = parts;
    this.found = found;
  }

  /// @param id of the snapshot elsewhere
  /// @return null if there is none
  @Nullable SnapshotRow find(UUID id) {
    List<SnapshotRow> rows =
        parts.context().read(tx -> tx.snapshots(found.disk().id())).stream()
            .filter(row -> row.kind() == SnapshotKind.STORAGE)
            .toList()
            .reversed();
    for (SnapshotRow row : rows) {
      if (row.id().equals(id)) {
        return row;
      }
    }
    // The newest first: a stream goes on from there, most of the time.
    for (SnapshotRow row : rows) {
      if (id.equals(origin(row))) {
        return row;
      }
    }
    return null;
  }

  private @Nullable UUID origin(SnapshotRow row) {
    LayerRow layer = parts.context().read(tx -> tx.layer(row.layer())).orElse(null);
    if (layer == null) {
      return null;
    }
    try {
      VarveIdentity own = LayerFiles.identity(found.site().file(layer)).orElse(null);
      return own == null ? null : own.origin();
    } catch (IOException _) {
      // A file that cannot be read proves nothing.
      return null;
    }
  }
}
