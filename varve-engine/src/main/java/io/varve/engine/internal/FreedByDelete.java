// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.VarveException;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.NodeRole;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/// What the deletes of the nodes of a family would give back to the store, each by itself.
final class FreedByDelete {
  private static final long UNKNOWN = -1;

  /// Stands for more than one disk.
  private static final UUID MANY = new UUID(0, 0);

  private final Parts parts;
  private final SpaceTree tree;
  private final Map<UUID, SpaceTree.Node> layers = new HashMap<>();
  private final Map<UUID, List<UUID>> children = new HashMap<>();

  /// The one disk whose active layer or snapshots read a layer, or [#MANY]; none for a layer that
  /// nobody reads.
  private final Map<UUID, UUID> readers = new HashMap<>();

  FreedByDelete(Parts parts, SpaceTree tree) {
    this.parts = parts;
    this.tree = tree;
    for (SpaceTree.Node node : tree.nodes().reversed()) {
      if (node.inside() == null) {
        add(node);
      }
    }
  }

  /// Comes after all that stands on the layer.
  private void add(SpaceTree.Node node) {
    LayerRow row = node.layer();
    layers.put(row.id(), node);
    if (row.role() != NodeRole.RETIRED) {
      readers.merge(row.id(), row.disk(), FreedByDelete::both);
    }
    UUID parent = row.parent();
    UUID reader = readers.get(row.id());
    if (parent != null) {
      children.computeIfAbsent(parent, _ -> new ArrayList<>()).add(row.id());
      if (reader != null) {
        readers.merge(parent, reader, FreedByDelete::both);
      }
    }
  }

  private static UUID both(UUID one, UUID other) {
    return one.equals(other) ? one : MANY;
  }

  /// Of a disk the files that no other disk reads, its snapshots included; -1 where it cannot be
  /// told, because a file cannot be read.
  long of(SpaceTree.Node node) {
    if (node.inside() != null) {
      return node.space().allocatedBytes();
    }
    LayerRow row = node.layer();
    return row.role() == NodeRole.ACTIVE ? disk(row.disk()) : snapshot(node);
  }

  private long disk(UUID disk) {
    long bytes = 0;
    for (Map.Entry<UUID, UUID> entry : readers.entrySet()) {
      if (entry.getValue().equals(disk)) {
        bytes += allocated(entry.getKey());
      }
    }
    return bytes;
  }

  private long snapshot(SpaceTree.Node node) {
    List<UUID> on = children.getOrDefault(node.layer().id(), List.of());
    long needing = on.stream().filter(readers::containsKey).count();
    if (on.isEmpty()) {
      return unread(node);
    }
    return needing > 1 ? 0 : planned(node.layer());
  }

  /// The file of a layer that nothing stands on goes, and with it the retired ones beneath that
  /// nothing else stands on.
  private long unread(SpaceTree.Node node) {
    long bytes = 0;
    Set<UUID> gone = new HashSet<>();
    for (SpaceTree.Node at = node; at != null; at = layers.get(at.layer().parent())) {
      UUID id = at.layer().id();
      boolean read = !gone.containsAll(children.getOrDefault(id, List.of()));
      if (read || (at != node && at.layer().role() != NodeRole.RETIRED)) {
        return bytes;
      }
      gone.add(id);
      bytes += allocated(id);
    }
    return bytes;
  }

  /// One node reads it: the plan of the merge knows.
  private long planned(LayerRow row) {
    SnapshotRow name = tree.family().name(row.id());
    DiskRow disk = name == null ? null : tree.family().disk(name.disk());
    if (name == null || disk == null) {
      return UNKNOWN;
    }
    try {
      return new DeletePlans(parts)
          .preview(new Resolver.Found(tree.site(), disk), List.of(name))
          .freedBytes();
    } catch (IOException | VarveException _) {
      return UNKNOWN;
    }
  }

  private long allocated(UUID layer) {
    SpaceTree.Node node = layers.get(layer);
    return node == null ? 0 : node.space().allocatedBytes();
  }
}
