// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.SnapshotKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// All disks, layers and names that hang together, read in one transaction.
final class Family {
  private final Map<UUID, LayerRow> layers = new LinkedHashMap<>();
  private final Map<UUID, DiskRow> disks = new HashMap<>();
  private final Map<UUID, SnapshotRow> namesByLayer = new HashMap<>();
  private final Map<UUID, List<SnapshotRow>> compute = new HashMap<>();
  private final Map<UUID, List<LayerRow>> children = new HashMap<>();

  static Family read(CatalogTx tx, UUID id) {
    Family family = new Family();
    for (LayerRow layer : tx.layersOfFamily(id)) {
      family.layers.put(layer.id(), layer);
      UUID parent = layer.parent();
      if (parent != null) {
        family.children.computeIfAbsent(parent, _ -> new ArrayList<>()).add(layer);
      }
    }
    tx.disksOfFamily(id).forEach(disk -> family.disks.put(disk.id(), disk));
    for (SnapshotRow row : tx.snapshotsOfFamily(id)) {
      if (row.kind() == SnapshotKind.STORAGE) {
        family.namesByLayer.put(row.layer(), row);
      } else {
        family.compute.computeIfAbsent(row.disk(), _ -> new ArrayList<>()).add(row);
      }
    }
    return family;
  }

  /// As much of a family as is seen from one layer: what lies on it, and beneath it and beneath the
  /// disk as far as the next name. The number of snapshots does not matter.
  static Family near(CatalogTx tx, DiskRow disk, UUID layer) {
    Family family = new Family();
    family.disks.put(disk.id(), disk);
    for (LayerRow child : tx.children(layer)) {
      family.put(child);
      tx.disk(child.disk()).ifPresent(owner -> family.disks.put(owner.id(), owner));
    }
    LayerRow own = tx.layer(layer).orElse(null);
    if (own != null) {
      family.putNamed(tx, own);
      family.putToName(tx, own.parent());
    }
    LayerRow active = tx.layer(disk.activeLayer()).orElse(null);
    if (active != null) {
      family.put(active);
      family.putToName(tx, active.parent());
    }
    return family;
  }

  private void putToName(CatalogTx tx, @Nullable UUID from) {
    UUID at = from;
    while (at != null) {
      LayerRow layer = tx.layer(at).orElse(null);
      at = layer == null || putNamed(tx, layer) ? null : layer.parent();
    }
  }

  /// True if the layer has a name.
  private boolean putNamed(CatalogTx tx, LayerRow layer) {
    put(layer);
    SnapshotRow name = tx.snapshotOfLayer(layer.id()).orElse(null);
    if (name == null) {
      return false;
    }
    namesByLayer.put(layer.id(), name);
    tx.disk(name.disk()).ifPresent(owner -> disks.put(owner.id(), owner));
    return true;
  }

  private void put(LayerRow layer) {
    UUID parent = layer.parent();
    if (layers.put(layer.id(), layer) == null && parent != null) {
      children.computeIfAbsent(parent, _ -> new ArrayList<>()).add(layer);
    }
  }

  @Nullable LayerRow layer(@Nullable UUID id) {
    return id == null ? null : layers.get(id);
  }

  @Nullable DiskRow disk(UUID id) {
    return disks.get(id);
  }

  @Nullable SnapshotRow name(UUID layer) {
    return namesByLayer.get(layer);
  }

  /// The storage snapshots of a disk, by time.
  List<SnapshotRow> storageNames(UUID disk) {
    return namesByLayer.values().stream()
        .filter(row -> row.disk().equals(disk))
        .sorted(
            Comparator.comparingLong(SnapshotRow::createdMillis).thenComparing(SnapshotRow::name))
        .toList();
  }

  List<SnapshotRow> computeRows(UUID disk) {
    return compute.getOrDefault(disk, List.of());
  }

  List<LayerRow> children(UUID layer) {
    return children.getOrDefault(layer, List.of());
  }

  /// The layers of a disk's chain, the newest first.
  List<LayerRow> chain(UUID top) {
    List<LayerRow> chain = new ArrayList<>();
    for (LayerRow at = layers.get(top);
        at != null && chain.size() <= layers.size();
        at = layer(at.parent())) {
      chain.add(at);
    }
    return chain;
  }

  /// The nearest named layer at or beneath a layer.
  @Nullable SnapshotRow namedBeneath(@Nullable UUID from) {
    for (LayerRow at = layer(from); at != null; at = layer(at.parent())) {
      SnapshotRow name = namesByLayer.get(at.id());
      if (name != null) {
        return name;
      }
    }
    return null;
  }

  /// `disk@snapshot` as seen from a disk: the disk's own snapshots by name alone.
  @Nullable String nameSeenFrom(UUID disk, @Nullable SnapshotRow snapshot) {
    if (snapshot == null) {
      return null;
    }
    if (snapshot.disk().equals(disk)) {
      return snapshot.name();
    }
    DiskRow owner = disks.get(snapshot.disk());
    return (owner == null ? "?" : owner.name()) + "@" + snapshot.name();
  }

  /// The snapshot of another disk that this one was cloned from, if it still has its name.
  @Nullable String clonedFrom(DiskRow disk) {
    for (LayerRow at : chain(disk.activeLayer())) {
      if (!at.disk().equals(disk.id())) {
        return nameSeenFrom(disk.id(), namesByLayer.get(at.id()));
      }
    }
    return null;
  }

  /// The disks whose own layers begin on this layer and that are not its owner.
  List<DiskRow> clonesOf(LayerRow layer) {
    return children(layer.id()).stream()
        .filter(child -> !child.disk().equals(layer.disk()))
        .map(child -> disks.get(child.disk()))
        .filter(Objects::nonNull)
        .distinct()
        .toList();
  }
}
