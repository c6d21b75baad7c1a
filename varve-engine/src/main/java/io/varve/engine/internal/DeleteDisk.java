// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DamagedException;
import io.varve.engine.ProblemCode;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeleteOutcome.How;
import io.varve.engine.model.NodeRole;
import io.varve.image.ImageException;
import io.varve.image.qcow2.format.VarveIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/// Deletes a disk of a virtual pool: 1. intent, 2. the files that no other disk reads go, those on
/// top first, 3. those that clones read say that they are retired, 4. catalog. Recovery goes on.
final class DeleteDisk implements JournaledVerb {
  private static final String NAME = "disk-delete";

  private final Context context;
  private final Journal journal;

  DeleteDisk(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Deletes it, under the family's lock.
  ///
  /// @throws io.varve.image.ImageInUseException if someone has one of the files open that would go;
  ///   nothing has changed then
  DeleteOutcome delete(Resolver.Found found) throws IOException {
    PoolSite site = found.site();
    DiskRow disk = found.disk();
    Fate fate = fate(disk);
    for (LayerRow layer : fate.doomed) {
      requireUnused(site, layer);
    }
    Args args = new Args().with("disk", disk.id());
    long freed = journal.run(this, site, disk.family(), args, intent -> finish(site, intent));
    List<String> notes = new ArrayList<>();
    if (!fate.kept.isEmpty()) {
      notes.add(fate.kept.size() + " layers stay as retired ones: clones read them");
    }
    return new DeleteOutcome(
        fate.kept.isEmpty() ? How.REMOVED : How.RETIRED, freed, 0, 0, 0, true, 0, List.of(), notes);
  }

  private static void requireUnused(PoolSite site, LayerRow layer) throws IOException {
    if (Files.exists(site.file(layer))) {
      requireOwnRole(site, layer);
      LayerFiles.claim(site.file(layer)).close();
      if (layer.role() != NodeRole.ACTIVE) {
        LayerFiles.freeze(site.file(layer));
      }
    }
  }

  /// The files win over the catalog: a layer that was frozen by way of another catalog is the base
  /// of something that this one does not know. A damaged file says nothing, and may go.
  private static void requireOwnRole(PoolSite site, LayerRow layer) throws IOException {
    if (layer.role() != NodeRole.ACTIVE) {
      return;
    }
    boolean frozen;
    try {
      frozen =
          LayerFiles.identity(site.file(layer))
              .map(own -> own.role() != VarveIdentity.Role.ACTIVE)
              .orElse(false);
    } catch (ImageException _) {
      return;
    }
    if (frozen) {
      throw new DamagedException(
          ProblemCode.FROZEN,
          site.file(layer) + " is frozen, but the catalog has it as a disk's active layer",
          "Another catalog has been at work in this pool: run a rescan of the pool first.");
    }
  }

  /// What becomes of a disk's layers.
  ///
  /// @param doomed that only this disk reads, each before its parent
  /// @param kept that other disks read
  private record Fate(List<LayerRow> doomed, List<LayerRow> kept) {}

  private Fate fate(DiskRow disk) {
    List<LayerRow> family = context.read(tx -> tx.layersOfFamily(disk.family()));
    Set<UUID> neededByOthers = new HashSet<>();
    for (LayerRow layer : family) {
      if (!layer.disk().equals(disk.id())) {
        markAncestors(family, layer, neededByOthers);
      }
    }
    List<LayerRow> doomed = new ArrayList<>();
    List<LayerRow> kept = new ArrayList<>();
    for (LayerRow layer : family) {
      if (layer.disk().equals(disk.id())) {
        (neededByOthers.contains(layer.id()) ? kept : doomed).add(layer);
      }
    }
    return new Fate(topFirst(doomed), kept);
  }

  private static void markAncestors(List<LayerRow> family, LayerRow from, Set<UUID> marked) {
    UUID parent = from.parent();
    while (parent != null && marked.add(parent)) {
      UUID wanted = parent;
      parent =
          family.stream()
              .filter(l -> l.id().equals(wanted))
              .findFirst()
              .map(LayerRow::parent)
              .orElse(null);
    }
  }

  private static List<LayerRow> topFirst(List<LayerRow> layers) {
    List<LayerRow> left = new ArrayList<>(layers);
    List<LayerRow> ordered = new ArrayList<>();
    while (!left.isEmpty()) {
      List<LayerRow> leaves =
          left.stream()
              .filter(l -> left.stream().noneMatch(other -> l.id().equals(other.parent())))
              .toList();
      ordered.addAll(leaves);
      if (leaves.isEmpty() || !left.removeAll(leaves)) {
        ordered.addAll(left);
        left.clear();
      }
    }
    return ordered;
  }

  private long finish(PoolSite site, Intent intent) throws IOException {
    DiskRow disk = context.read(tx -> Layers.requireDisk(tx, intent.args().id("disk")));
    Fate fate = fate(disk);
    long freed = 0;
    for (LayerRow layer : fate.kept) {
      context.step(NAME, "mark");
      RetireLayer.mark(context, site, layer.family(), layer.id());
    }
    for (LayerRow layer : fate.doomed) {
      context.step(NAME, "unlink");
      freed += LayerFiles.delete(site.file(layer));
    }
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, intent, fate));
    List<UUID> gone = fate.doomed.stream().map(LayerRow::id).toList();
    new SideMaps(context).lost(site, intent.family(), gone);
    return freed;
  }

  private static void commit(CatalogTx tx, Intent intent, Fate fate) {
    for (LayerRow layer : fate.doomed) {
      tx.deleteLayer(layer.id());
    }
    for (LayerRow layer : fate.kept) {
      LayerRow now = Layers.require(tx, layer.id());
      tx.update(now.withRole(NodeRole.RETIRED, now.frozenMillis()));
    }
    tx.deleteDisk(intent.args().id("disk"));
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    finish(site, intent);
  }
}
