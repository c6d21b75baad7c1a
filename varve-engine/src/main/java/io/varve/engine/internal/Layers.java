// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DamagedException;
import io.varve.engine.ProblemCode;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.NodeRole;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Small questions about rows of layers.
final class Layers {
  private Layers() {}

  static LayerRow active(Context context, DiskRow disk) {
    return context
        .read(tx -> tx.layer(disk.activeLayer()))
        .orElseThrow(() ->
            new DamagedException(
                ProblemCode.LAYER_MISSING,
                "the active layer of disk '" + disk.name() + "' is missing",
                "Revert the disk to one of its snapshots, or put the file back and run a rescan"
                    + " of the pool."));
  }

  static LayerRow require(CatalogTx tx, UUID layer) {
    return tx.layer(layer)
        .orElseThrow(() ->
            new DamagedException(
                ProblemCode.LAYER_MISSING,
                "layer " + layer + " is not in the catalog",
                "Run a rescan of the pool."));
  }

  static DiskRow requireDisk(CatalogTx tx, UUID disk) {
    return tx.disk(disk)
        .orElseThrow(() ->
            new DamagedException(
                ProblemCode.DISK_NOT_FOUND,
                "disk " + disk + " is not in the catalog",
                "Run a rescan of the pool."));
  }

  /// Refuses to build on a layer of which no byte could be read: it and all that it stands on must
  /// be there.
  static void requireStanding(Context context, PoolSite site, LayerRow top) {
    UUID parent = top.parent();
    boolean known =
        parent != null
            && Files.exists(site.file(top))
            && SideMaps.stands(site, top.family(), parent);
    if (known) {
      return;
    }
    List<LayerRow> chain = context.read(tx -> chain(tx, top));
    for (LayerRow layer : chain) {
      if (!Files.exists(site.file(layer))) {
        throw new DamagedException(
            ProblemCode.LAYER_MISSING,
            "the layer file "
                + site.file(layer)
                + " is missing, and the disk cannot be read"
                + " without it",
            "Put it back; if it is lost, a rescan of the pool shows what still stands.");
      }
    }
  }

  private static List<LayerRow> chain(CatalogTx tx, LayerRow top) {
    List<LayerRow> chain = new ArrayList<>();
    LayerRow layer = top;
    while (layer != null && chain.size() <= Sources.MAX_DEPTH) {
      chain.add(layer);
      UUID parent = layer.parent();
      layer = parent == null ? null : tx.layer(parent).orElse(null);
    }
    return chain;
  }

  /// The row of a new active layer of a disk on virtual storage.
  static LayerRow newActive(DiskRow disk, UUID layer, @Nullable UUID parent, long created) {
    return new LayerRow(
        layer,
        disk.pool(),
        disk.family(),
        disk.id(),
        parent,
        NodeRole.ACTIVE,
        PoolSite.fileName(layer),
        created,
        0,
        0);
  }
}
