// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.SpaceView;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Makes views of disks. A disk whose file cannot be read has a view all the same, with a problem.
final class DiskViews {
  private final Context context;

  DiskViews(Context context) {
    this.context = context;
  }

  DiskView of(Resolver.Found found) {
    return of(found, context.read(tx -> Family.read(tx, found.disk().family())));
  }

  /// Of disks that were just made, all alike: one of their files is looked at, for all.
  List<DiskView> ofNew(PoolSite site, UUID familyId, List<UUID> disks) {
    Family family = context.read(tx -> Family.read(tx, familyId));
    List<DiskView> views = new ArrayList<>(disks.size());
    Look look = null;
    for (UUID id : disks) {
      DiskRow disk = Objects.requireNonNull(family.disk(id));
      Resolver.Found found = new Resolver.Found(site, disk);
      if (look == null) {
        DiskView first = of(found, family);
        look = new Look(first.size(), first.changedSince(), first.space());
        views.add(first);
      } else {
        Path file = site.file(PoolSite.fileName(disk.activeLayer()));
        views.add(view(found, family, file, List.of(), look, missingBase(family, disk)));
      }
    }
    return views;
  }

  DiskView of(Resolver.Found found, Family family) {
    DiskRow disk = found.disk();
    LayerRow active = family.layer(disk.activeLayer());
    if (active == null) {
      return view(
          found, family, Path.of(""), List.of(), Look.NOTHING, "the active layer is missing");
    }
    Path file = found.site().file(active);
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      List<InternalSnapshot> inside = layer.snapshots().list();
      boolean changed = changed(layer, inside, disk);
      Look look = new Look(layer.size(), changed, FileFacts.space(layer));
      return view(found, family, file, inside, look, missingBase(family, disk));
    } catch (IOException e) {
      String problem = Problems.of(e).getMessage();
      return view(found, family, file, List.of(), Look.NOTHING, problem);
    }
  }

  private static @Nullable String missingBase(Family family, DiskRow disk) {
    LayerRow lowest = family.chain(disk.activeLayer()).getLast();
    return lowest.parent() == null
        ? null
        : "its base " + PoolSite.fileName(lowest.parent()) + " is missing";
  }

  /// What the file of an active layer says.
  ///
  /// @param size in bytes, or -1 where it was not read
  private record Look(long size, boolean changed, SpaceView space) {
    static final Look NOTHING = new Look(-1, false, SpaceView.NONE);
  }

  private static boolean changed(Qcow2Layer layer, List<InternalSnapshot> inside, DiskRow disk)
      throws IOException {
    InternalSnapshot stood = standsOn(inside, disk);
    return stood == null
        ? FileFacts.holdsAnything(layer)
        : FileFacts.differ(layer, layer.snapshots().view(ComputeSnapshots.key(inside, stood)));
  }

  private static @Nullable InternalSnapshot standsOn(List<InternalSnapshot> inside, DiskRow disk) {
    return inside.stream()
        .filter(s -> s.id().equals(disk.computeParent()))
        .findFirst()
        .orElse(null);
  }

  private static DiskView view(
      Resolver.Found found,
      Family family,
      Path file,
      List<InternalSnapshot> inside,
      Look look,
      @Nullable String problem) {
    DiskRow disk = found.disk();
    List<LayerRow> chain = family.chain(disk.activeLayer());
    InternalSnapshot stood = standsOn(inside, disk);
    SnapshotRow beneath = chain.isEmpty() ? null : family.namedBeneath(chain.getFirst().parent());
    String parent = stood != null ? stood.name() : family.nameSeenFrom(disk.id(), beneath);
    return new DiskView(
        disk.id(),
        found.site().row().name(),
        disk.name(),
        found.site().row().kind(),
        LayerFormat.QCOW2,
        look.size < 0 ? disk.size() : look.size,
        file,
        chain.size(),
        family.storageNames(disk.id()).size() + inside.size(),
        parent,
        look.changed,
        family.clonedFrom(disk),
        Instant.ofEpochMilli(disk.createdMillis()),
        look.space,
        problem);
  }
}
