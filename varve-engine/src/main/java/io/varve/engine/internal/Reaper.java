// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.CollectOutcome;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeleteOutcome.How;
import io.varve.engine.model.NodeRole;
import io.varve.image.ImageInUseException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Decides what becomes of a layer whose name goes, and collects retired layers.
///
/// | read by | a snapshot that is deleted | a retired layer, after a verb | a retired layer, by `collect` |
/// |---|---|---|---|
/// | nobody | removed | removed | removed |
/// | one node of the same disk | merged into it | merged into it | merged into it |
/// | one node of another disk (a clone) | merged into it | kept | merged into it |
/// | two or more | retired | kept | kept |
///
/// A merge that is not possible now, because a VM has the child open or because the child holds
/// compute snapshots, leaves the layer retired. So a delete is always accepted.
final class Reaper {
  private final Context context;
  private final MergeLayer merge;
  private final RetireLayer retire;

  Reaper(Context context, MergeLayer merge, RetireLayer retire) {
    this.context = context;
    this.merge = merge;
    this.retire = retire;
  }

  /// Deletes a storage snapshot, under the family's lock, and collects what it was the last reader
  /// of.
  DeleteOutcome delete(PoolSite site, SnapshotRow snapshot) throws IOException {
    LayerRow layer = context.read(tx -> Layers.require(tx, snapshot.layer()));
    List<LayerRow> children = context.read(tx -> tx.children(layer.id()));
    List<String> notes = new ArrayList<>();
    How how = How.RETIRED;
    MergeLayer.Done done = new MergeLayer.Done(0, 0);
    try {
      if (children.isEmpty()) {
        done = merge.remove(site, layer, snapshot.id());
        how = How.REMOVED;
      } else if (children.size() > 1) {
        notes.add("kept as a retired layer: " + children.size() + " nodes read it");
      } else if (canMerge(site, children.getFirst(), notes)) {
        done = merge.merge(site, layer, children.getFirst(), snapshot.id());
        how = How.MERGED;
      }
    } catch (ImageInUseException e) {
      notes.add("kept as a retired layer for now: " + e.getMessage());
    }
    if (how == How.RETIRED && !retire.retire(site, layer, snapshot.id())) {
      notes.add("its file could not be marked as retired while another program has it open");
    }
    CollectOutcome collected = collect(site, layer.family(), false);
    notes.addAll(collected.notes());
    return new DeleteOutcome(
        how,
        done.freedBytes() + collected.freedBytes(),
        done.movedBytes() + collected.movedBytes(),
        0,
        0,
        true,
        collected.removed(),
        notes);
  }

  private static boolean canMerge(PoolSite site, LayerRow child, List<String> notes)
      throws IOException {
    if (MergeLayer.canTake(site, child)) {
      return true;
    }
    notes.add("kept as a retired layer: its child holds compute snapshots that read through it");
    return false;
  }

  /// Deals with the retired layers of a family, under its lock.
  ///
  /// @param intoClones also merge into a node of another disk
  CollectOutcome collect(PoolSite site, UUID family, boolean intoClones) throws IOException {
    int removed = 0;
    long freed = 0;
    long moved = 0;
    List<String> notes = new ArrayList<>();
    List<UUID> passed = new ArrayList<>();
    while (true) {
      List<LayerRow> retired = retired(family, passed);
      if (retired.isEmpty()) {
        return new CollectOutcome(removed, freed, moved, passed.size(), notes);
      }
      LayerRow layer = retired.getFirst();
      MergeLayer.Done done = collect(site, layer, intoClones, notes);
      if (done == null) {
        passed.add(layer.id());
        if (intoClones) {
          // Whoever kept the file from saying so when its name went may be gone by now.
          RetireLayer.mark(site.file(layer), layer.id(), context.now());
        }
      } else {
        removed++;
        freed += done.freedBytes();
        moved += done.movedBytes();
        // What lies beneath has lost a reader: look at all again.
        passed.clear();
      }
    }
  }

  private List<LayerRow> retired(UUID family, List<UUID> passed) {
    return context.read(tx ->
        tx.layersOfFamily(family).stream()
            .filter(l -> l.role() == NodeRole.RETIRED && !passed.contains(l.id()))
            .toList());
  }

  private MergeLayer.@Nullable Done collect(
      PoolSite site, LayerRow layer, boolean intoClones, List<String> notes) throws IOException {
    List<LayerRow> children = context.read(tx -> tx.children(layer.id()));
    try {
      if (children.isEmpty()) {
        return merge.remove(site, layer, null);
      }
      LayerRow child = children.getFirst();
      boolean mergeable = children.size() == 1 && (intoClones || child.disk().equals(layer.disk()));
      if (mergeable && MergeLayer.canTake(site, child)) {
        return merge.merge(site, layer, child, null);
      }
    } catch (ImageInUseException e) {
      notes.add("retired layer " + layer.id() + " is kept for now: " + e.getMessage());
    }
    return null;
  }
}
