// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.Names;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.qcow2.format.VarveIdentity.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Makes disks and snapshots of the layers that a scan found.
///
/// Of several active layers of one disk the newest counts: a verb was cut short between laying the
/// new one and dealing with the old one, and the journal that knew of it is lost. An overlay that
/// was laid for a snapshot which then was not taken is left alone. An old active layer that a
/// revert left behind becomes a snapshot, so that nothing is lost.
final class FoundDisks {
  private static final String RECOVERED = "recovered-";

  private final PoolScan scan;
  private final Context context;
  private final Map<UUID, FoundLayer> layers;
  private final List<Disk> disks = new ArrayList<>();
  private final Set<String> diskNames = new HashSet<>();

  private FoundDisks(PoolScan scan, Context context) {
    this.scan = scan;
    this.context = context;
    this.layers = new LinkedHashMap<>(scan.layers());
  }

  static FoundDisks of(PoolScan scan, Context context) throws IOException {
    FoundDisks found = new FoundDisks(scan, context);
    found.reportMissingBases();
    Map<UUID, List<FoundLayer>> byDisk = new LinkedHashMap<>();
    for (FoundLayer layer : scan.layers().values()) {
      byDisk.computeIfAbsent(layer.disk(), _ -> new ArrayList<>()).add(layer);
    }
    for (Map.Entry<UUID, List<FoundLayer>> entry : byDisk.entrySet()) {
      found.addDisk(entry.getKey(), entry.getValue());
    }
    return found;
  }

  /// A disk as the files have it.
  record Disk(
      UUID id,
      UUID family,
      String name,
      long size,
      UUID active,
      long created,
      List<SnapshotRow> snapshots,
      List<InternalSnapshot> compute) {
    DiskRow row(UUID pool, @Nullable DiskRow known) {
      String parent = ComputeSnapshots.current(compute);
      if (parent == null && known != null) {
        String before = known.computeParent();
        parent = compute.stream().anyMatch(s -> s.id().equals(before)) ? before : null;
      }
      return new DiskRow(id, pool, family, name, size, active, parent, created, 0);
    }
  }

  List<Disk> disks() {
    return disks;
  }

  List<LayerRow> layers(UUID pool) {
    return layers.values().stream().map(layer -> row(pool, layer)).toList();
  }

  private LayerRow row(UUID pool, FoundLayer layer) {
    VarveIdentity own = layer.identity();
    return new LayerRow(
        layer.id(),
        pool,
        family(layer),
        layer.disk(),
        layer.parent(),
        NodeRole.valueOf(own.role().name()),
        layer.spelled(),
        own.createdEpochMillis(),
        own.frozenEpochMillis(),
        0);
  }

  /// The id of the lowest layer that the file's ancestry names, present or not.
  private UUID family(FoundLayer layer) {
    UUID lowest = layer.id();
    UUID parent = layer.parent();
    for (int i = 0; parent != null && i <= layers.size(); i++) {
      lowest = parent;
      FoundLayer next = scan.layers().get(parent);
      parent = next == null ? null : next.parent();
    }
    return lowest;
  }

  private void reportMissingBases() {
    for (FoundLayer layer : layers.values()) {
      UUID parent = layer.parent();
      if (parent != null && !layers.containsKey(parent)) {
        scan.found(
            layer.file(),
            "its base "
                + PoolSite.fileName(parent)
                + " is missing: nothing on it can be read whole",
            "Put the base back, then rescan.");
      }
    }
  }

  private void addDisk(UUID id, List<FoundLayer> own) throws IOException {
    FoundLayer active = settleActive(own);
    List<FoundLayer> frozen =
        layers.values().stream()
            .filter(l -> l.disk().equals(id) && l.role() == Role.SNAPSHOT)
            .sorted(Comparator.comparingLong(l -> l.identity().frozenEpochMillis()))
            .toList();
    if (active == null && frozen.isEmpty()) {
      return;
    }
    FoundLayer newest = active == null ? frozen.getLast() : active;
    if (active == null) {
      scan.found(
          newest.file(),
          "disk '" + newest.identity().diskName() + "' has snapshots but no active layer",
          "Revert the disk to one of its snapshots.");
    }
    disks.add(
        new Disk(
            id,
            family(newest),
            freeName(newest),
            newest.size(),
            active == null ? context.newId() : active.id(),
            own.stream().mapToLong(l -> l.identity().createdEpochMillis()).min().orElse(0),
            names(id, frozen),
            active == null ? List.of() : active.compute()));
  }

  private String freeName(FoundLayer layer) {
    String wanted = layer.identity().diskName();
    String name = Names.isValid(wanted) ? wanted : "disk-" + shortId(layer.disk());
    for (int i = 2; !diskNames.add(name); i++) {
      name = wanted + "-" + i;
    }
    if (!name.equals(wanted)) {
      scan.found(
          layer.file(),
          "its disk is called '" + wanted + "', which is taken or not allowed",
          "It is disk '" + name + "' in the catalog.");
    }
    return name;
  }

  private List<SnapshotRow> names(UUID disk, List<FoundLayer> frozen) {
    List<SnapshotRow> rows = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (FoundLayer layer : frozen) {
      VarveIdentity own = layer.identity();
      String name =
          Objects.requireNonNullElse(own.snapshotName(), "snapshot-" + shortId(layer.id()));
      String free = name;
      for (int i = 2; !taken.add(free); i++) {
        free = name + "-" + i;
      }
      UUID id = own.snapshotId();
      rows.add(
          new SnapshotRow(
              id == null ? context.newId() : id,
              disk,
              free,
              SnapshotKind.STORAGE,
              layer.id(),
              null,
              free.startsWith(ClonesImpl.AUTOMATIC_PREFIX),
              null,
              true,
              own.frozenEpochMillis()));
    }
    return rows;
  }

  /// The one active layer of a disk, after dealing with what an interrupted verb left.
  private @Nullable FoundLayer settleActive(List<FoundLayer> own) throws IOException {
    List<FoundLayer> active =
        own.stream()
            .filter(l -> l.role() == Role.ACTIVE)
            .sorted(
                Comparator.<FoundLayer>comparingLong(l -> l.identity().createdEpochMillis())
                    .thenComparing(l -> l.id().toString()))
            .toList();
    if (active.size() < 2) {
      return active.isEmpty() ? null : active.getFirst();
    }
    FoundLayer newest = active.getLast();
    FoundLayer beneath =
        active.stream().filter(l -> l.id().equals(newest.parent())).findFirst().orElse(null);
    if (beneath != null && newest.empty()) {
      layers.remove(newest.id());
      scan.found(
          newest.file(),
          "it was laid for a snapshot that was never taken, and holds nothing",
          "Delete it.");
      return active.size() == 2 ? beneath : settleActive(without(own, newest));
    }
    for (FoundLayer old : active.subList(0, active.size() - 1)) {
      keepAsSnapshot(old);
    }
    return newest;
  }

  private static List<FoundLayer> without(List<FoundLayer> own, FoundLayer one) {
    return own.stream().filter(l -> l != one).toList();
  }

  private void keepAsSnapshot(FoundLayer old) throws IOException {
    String name = RECOVERED + shortId(old.id());
    VarveIdentity kept;
    try (Qcow2Layer layer = LayerFiles.openFrozen(old.file(), old.id())) {
      kept = old.identity().asSnapshot(name, context.newId(), context.now());
      layer.setIdentity(kept);
    }
    LayerFiles.freeze(old.file());
    layers.put(old.id(), old.with(kept));
    scan.found(
        old.file(),
        "it is an older active layer of disk '"
            + old.identity().diskName()
            + "', left by a revert that was cut short",
        "It is kept as snapshot '" + name + "'; delete that if it is not wanted.");
  }

  private static String shortId(UUID id) {
    return id.toString().substring(0, 8);
  }
}
