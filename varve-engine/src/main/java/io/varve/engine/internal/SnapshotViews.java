// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.SnapshotKind;
import io.varve.engine.model.SnapshotView;
import io.varve.engine.model.SpaceView;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/// Makes views of snapshots. One whose file cannot be read has a view all the same.
final class SnapshotViews {
  private final Context context;

  SnapshotViews(Context context) {
    this.context = context;
  }

  /// All snapshots of a disk by time.
  List<SnapshotView> list(Resolver.Found found) throws IOException {
    DiskRow disk = found.disk();
    Family family = context.read(tx -> Family.read(tx, disk.family()));
    List<SnapshotView> views = new ArrayList<>();
    for (SnapshotRow row : family.storageNames(disk.id())) {
      views.add(storage(found, family, row));
    }
    LayerRow active = family.layer(disk.activeLayer());
    if (active != null) {
      views.addAll(compute(found, family, found.site().file(active)));
    }
    views.sort(Comparator.comparing(SnapshotView::created));
    return views;
  }

  /// One snapshot; opens no other's file.
  SnapshotView show(Resolver.Found found, DiskAddress address) throws IOException {
    String name = Resolver.snapshotName(address);
    DiskRow disk = found.disk();
    SnapshotRow row = context.read(tx -> tx.snapshot(disk.id(), name)).orElse(null);
    if (row != null && row.kind() == SnapshotKind.STORAGE) {
      return storage(found, context.read(tx -> Family.near(tx, disk, row.layer())), row);
    }
    Family family = context.read(tx -> Family.read(tx, disk.family()));
    LayerRow active = family.layer(disk.activeLayer());
    List<SnapshotView> inside =
        active == null ? List.of() : compute(found, family, found.site().file(active));
    return inside.stream()
        .filter(s -> s.name().equals(name))
        .findFirst()
        .or(() -> inside.stream().filter(s -> name.equals(s.internalId())).findFirst())
        .orElseThrow(() -> Resolver.noSnapshot(address));
  }

  private static SnapshotView storage(Resolver.Found found, Family family, SnapshotRow row) {
    DiskRow disk = found.disk();
    LayerRow layer = family.layer(row.layer());
    LayerRow active = family.layer(disk.activeLayer());
    SnapshotRow current = active == null ? null : family.namedBeneath(active.parent());
    Path file = found.site().file(PoolSite.fileName(row.layer()));
    long size = disk.size();
    SpaceView space = SpaceView.NONE;
    try (Qcow2Layer open = LayerFiles.openToLook(file)) {
      size = open.size();
      space = FileFacts.space(open);
    } catch (IOException _) {
      // A snapshot whose file is missing is listed all the same; reading it says what is wrong.
      size = -1;
    }
    List<String> clones =
        layer == null
            ? List.of()
            : family.clonesOf(layer).stream()
                .map(clone -> found.site().row().name() + "/" + clone.name())
                .toList();
    return new SnapshotView(
        row.id(),
        found.address(),
        row.name(),
        SnapshotKind.STORAGE,
        null,
        row.automatic(),
        Instant.ofEpochMilli(row.createdMillis()),
        layer == null ? null : family.nameSeenFrom(disk.id(), family.namedBeneath(layer.parent())),
        true,
        current != null && current.id().equals(row.id()) && disk.computeParent() == null,
        size,
        file,
        clones,
        family.children(row.layer()).size(),
        space);
  }

  private static List<SnapshotView> compute(Resolver.Found found, Family family, Path file)
      throws IOException {
    List<SnapshotView> views = new ArrayList<>();
    DiskRow disk = found.disk();
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      List<InternalSnapshot> inside = layer.snapshots().list();
      List<SnapshotRow> rows = ComputeSnapshots.rows(inside, family.computeRows(disk.id()), disk);
      for (int i = 0; i < rows.size(); i++) {
        SnapshotRow row = rows.get(i);
        String parent =
            rows.stream()
                .filter(r -> Objects.equals(r.internalId(), row.computeParent()))
                .findFirst()
                .map(SnapshotRow::name)
                .orElse(null);
        long children =
            rows.stream().filter(r -> Objects.equals(r.computeParent(), row.internalId())).count();
        boolean current = Objects.equals(disk.computeParent(), row.internalId());
        views.add(
            new SnapshotView(
                row.id(),
                found.address(),
                row.name(),
                SnapshotKind.COMPUTE,
                row.internalId(),
                row.automatic(),
                Instant.ofEpochMilli(row.createdMillis()),
                parent,
                row.parentKnown(),
                current,
                inside.get(i).diskSize(),
                file,
                List.of(),
                (int) children + (current ? 1 : 0),
                FileFacts.space(layer, inside.get(i))));
      }
    } catch (IOException _) {
      // The view of the disk says what is wrong with the file.
      return List.of();
    }
    return views;
  }
}
