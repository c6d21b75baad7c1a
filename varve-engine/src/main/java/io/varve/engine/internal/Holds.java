// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.HoldRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.HoldView;
import io.varve.image.qcow2.format.VarveIdentity;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Snapshots that must not be deleted.
final class Holds {
  private Holds() {}

  /// Refuses if someone holds one of them.
  static void requireFree(Context context, String disk, List<SnapshotRow> rows) {
    for (SnapshotRow row : rows) {
      Optional<HoldRow> hold = context.read(tx -> tx.hold(row.id()));
      if (hold.isPresent()) {
        throw held(disk + "@" + row.name(), hold.get());
      }
    }
  }

  static RefusedException held(String snapshot, HoldRow hold) {
    return new RefusedException(
        ProblemCode.HELD,
        "snapshot '%s' is held%s%s"
            .formatted(
                snapshot,
                hold.holder().isEmpty() ? "" : " by " + hold.holder(),
                hold.reason().isEmpty() ? "" : ": " + hold.reason()),
        "Release it first: varve snapshot release " + snapshot);
  }

  static HoldView view(String snapshot, HoldRow hold) {
    return new HoldView(
        snapshot, hold.holder(), hold.reason(), Instant.ofEpochMilli(hold.sinceMillis()));
  }

  /// What the catalog knows of the holds of a pool, by snapshot.
  static Map<UUID, HoldRow> ofPool(CatalogTx tx, UUID pool) {
    Map<UUID, HoldRow> holds = new HashMap<>();
    tx.disksOfPool(pool)
        .forEach(disk ->
            tx.snapshots(disk.id())
                .forEach(row -> tx.hold(row.id()).ifPresent(hold -> holds.put(row.id(), hold))));
    return holds;
  }

  /// Puts back the holds that the files tell, with what was known of them.
  static void restore(CatalogTx tx, PoolScan scan, Map<UUID, HoldRow> known, long now) {
    for (FoundLayer layer : scan.layers().values()) {
      VarveIdentity own = layer.identity();
      SnapshotRow row = own.held() ? tx.snapshotOfLayer(layer.id()).orElse(null) : null;
      if (row != null) {
        HoldRow before = known.get(row.id());
        tx.insert(before == null ? new HoldRow(row.id(), "", "", now) : before);
      }
    }
  }
}
