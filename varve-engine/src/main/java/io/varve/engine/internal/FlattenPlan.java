// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.NodeRole;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/// What has to be done to make a disk stand alone.
///
/// @param run the disk's own lowest layer, which stays, and all that lies beneath it
/// @param branch that layer and all that stands on it: they become a family of their own
record FlattenPlan(Fates.Run run, Set<UUID> branch) {
  /// @throws RefusedException if the disk reads no layer of others, or cannot be told apart from
  ///   them
  static FlattenPlan of(CatalogTx tx, DiskRow disk) {
    List<LayerRow> family = tx.layersOfFamily(disk.family());
    List<LayerRow> chain = chain(tx, disk);
    int own = 0;
    while (own < chain.size() && chain.get(own).disk().equals(disk.id())) {
      own++;
    }
    if (own == 0 || own == chain.size()) {
      throw new RefusedException(
          ProblemCode.INVALID_REQUEST,
          "disk '" + disk.name() + "' reads no layer of another disk",
          "Nothing is to be done: it stands alone.");
    }
    LayerRow root = chain.get(own - 1);
    Set<UUID> branch = branch(family, root.id());
    requireWhole(family, branch, disk);
    return new FlattenPlan(new Fates.Run(root, chain.subList(own, chain.size())), branch);
  }

  private static List<LayerRow> chain(CatalogTx tx, DiskRow disk) {
    List<LayerRow> chain = new ArrayList<>();
    for (UUID at = disk.activeLayer(); at != null && chain.size() < Sources.MAX_DEPTH; ) {
      LayerRow row = Layers.require(tx, at);
      chain.add(row);
      at = row.parent();
    }
    return chain;
  }

  /// A layer and all that stands on it.
  static Set<UUID> branch(List<LayerRow> family, UUID root) {
    Set<UUID> branch = new HashSet<>(Set.of(root));
    boolean grew = true;
    while (grew) {
      grew = false;
      for (LayerRow row : family) {
        UUID parent = row.parent();
        grew |= parent != null && branch.contains(parent) && branch.add(row.id());
      }
    }
    return branch;
  }

  /// No disk has layers on both sides of the cut.
  private static void requireWhole(List<LayerRow> family, Set<UUID> branch, DiskRow disk) {
    Set<UUID> disks = new HashSet<>();
    family.stream().filter(row -> branch.contains(row.id())).forEach(row -> disks.add(row.disk()));
    for (LayerRow row : family) {
      boolean torn =
          row.role() != NodeRole.RETIRED
              && disks.contains(row.disk())
              && !branch.contains(row.id());
      if (torn) {
        throw new RefusedException(
            ProblemCode.NOT_ALLOWED_HERE,
            "layer " + row.id() + " beside disk '" + disk.name() + "' belongs to a disk on it",
            "Delete the snapshots of that disk that lie beneath, or make a full clone.");
      }
    }
  }

  /// The layers that nobody reads once the branch is cut off.
  List<LayerRow> unread(CatalogTx tx) {
    List<LayerRow> left =
        tx.layersOfFamily(run.top().family()).stream()
            .filter(row -> !branch.contains(row.id()))
            .toList();
    return Fates.of(left, Set.of(), Set.of(), false).removed();
  }

  /// True if the layers to be read are still those.
  boolean same(FlattenPlan other) {
    List<LayerRow> rows = run.rows();
    List<LayerRow> others = other.run.rows();
    for (int i = 0; i < rows.size(); i++) {
      if (i >= others.size()
          || !rows.get(i).id().equals(others.get(i).id())
          || !Objects.equals(rows.get(i).parent(), others.get(i).parent())) {
        return false;
      }
    }
    return rows.size() == others.size();
  }
}
