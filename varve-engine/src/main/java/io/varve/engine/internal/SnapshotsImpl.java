// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.AlreadyExistsException;
import io.varve.engine.DiskAddress;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.Names;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.Snapshots;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.HoldRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeletePreview;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.HoldView;
import io.varve.engine.model.SnapshotKind;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotTree;
import io.varve.engine.model.SnapshotView;
import io.varve.engine.policy.Verb;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The verbs on snapshots.
final class SnapshotsImpl implements Snapshots {
  private final Parts parts;
  private final DeletePlans plans;

  SnapshotsImpl(Parts parts) {
    this.parts = parts;
    this.plans = new DeletePlans(parts);
  }

  @Override
  public SnapshotView create(DiskAddress disk, String name, SnapshotKindChoice choice) {
    Names.check("snapshot", name);
    return parts
        .verbs()
        .onDisk(
            disk.diskOnly(),
            found -> {
              SnapshotKind kind = kind(found.site(), choice);
              Policy.require(
                  parts.context(),
                  found.site(),
                  kind == SnapshotKind.STORAGE ? Verb.STORAGE_SNAPSHOT : Verb.COMPUTE_SNAPSHOT);
              requireFree(found, name);
              if (kind == SnapshotKind.STORAGE) {
                parts.takeSnapshot().take(found, name, false);
              } else {
                parts.compute().create(found, name);
              }
              return parts.snapshotViews().show(again(found, disk), disk.at(name));
            });
  }

  private static SnapshotKind kind(PoolSite site, SnapshotKindChoice choice) {
    return switch (choice) {
      case STORAGE -> SnapshotKind.STORAGE;
      case COMPUTE -> SnapshotKind.COMPUTE;
      case AUTO -> site.virtual() ? SnapshotKind.STORAGE : SnapshotKind.COMPUTE;
    };
  }

  /// No snapshot of either kind has the name.
  private void requireFree(Resolver.Found found, String name) throws IOException {
    DiskRow disk = found.disk();
    Optional<SnapshotRow> row = parts.context().read(tx -> tx.snapshot(disk.id(), name));
    boolean taken = row.isPresent() && row.get().kind() == SnapshotKind.STORAGE;
    if (!taken) {
      LayerRow active = Layers.active(parts.context(), disk);
      try (Qcow2Layer layer = LayerFiles.openToLook(found.site().file(active))) {
        taken = layer.snapshots().list().stream().anyMatch(s -> s.name().equals(name));
      }
    }
    if (taken) {
      throw new AlreadyExistsException(
          ProblemCode.SNAPSHOT_EXISTS,
          "a snapshot '" + found.address() + "@" + name + "' exists already",
          "Choose another name, or delete it first.");
    }
  }

  private Resolver.Found again(Resolver.Found found, DiskAddress address) {
    return parts.resolver().again(found.disk().id(), address);
  }

  @Override
  public SnapshotTree tree(DiskAddress disk, boolean withSpace) {
    return Problems.guard(() -> parts.trees().tree(parts.resolver().disk(disk), withSpace));
  }

  @Override
  public List<SnapshotView> list(DiskAddress disk) {
    return Problems.guard(() -> parts.snapshotViews().list(parts.resolver().disk(disk)));
  }

  @Override
  public SnapshotView show(DiskAddress snapshot) {
    return Problems.guard(
        () -> parts.snapshotViews().show(parts.resolver().disk(snapshot), snapshot));
  }

  @Override
  public DiskView revert(DiskAddress snapshot, @Nullable String keepAs) {
    String name = Resolver.snapshotName(snapshot);
    if (keepAs != null) {
      Names.check("snapshot", keepAs);
    }
    return parts
        .verbs()
        .onDisk(
            snapshot,
            found -> {
              if (keepAs != null) {
                requireFree(found, keepAs);
              }
              Optional<SnapshotRow> row = storageRow(found, name);
              if (row.isPresent()) {
                LayerRow target = parts.context().read(tx -> Layers.require(tx, row.get().layer()));
                parts.revert().revert(found, target, keepAs);
                parts.reaper().collect(found.site(), found.disk().family(), false);
              } else {
                revertCompute(found, snapshot, keepAs);
              }
              return parts.diskViews().of(again(found, snapshot));
            });
  }

  private void revertCompute(Resolver.Found found, DiskAddress snapshot, @Nullable String keepAs)
      throws IOException {
    InternalSnapshot target = internal(found, snapshot);
    if (keepAs != null) {
      parts.compute().create(found, keepAs);
    }
    parts.compute().apply(again(found, snapshot), target);
  }

  private Optional<SnapshotRow> storageRow(Resolver.Found found, String name) {
    return parts
        .context()
        .read(tx -> tx.snapshot(found.disk().id(), name))
        .filter(row -> row.kind() == SnapshotKind.STORAGE);
  }

  private InternalSnapshot internal(Resolver.Found found, DiskAddress snapshot) throws IOException {
    LayerRow active = Layers.active(parts.context(), found.disk());
    try (Qcow2Layer layer = LayerFiles.openToLook(found.site().file(active))) {
      return ComputeVerb.named(layer, snapshot);
    }
  }

  @Override
  public DeleteOutcome delete(DiskAddress snapshot) {
    return delete(List.of(snapshot));
  }

  @Override
  public DeleteOutcome delete(List<DiskAddress> snapshots) {
    DiskAddress disk = oneDisk(snapshots);
    return parts
        .verbs()
        .onDisk(
            disk,
            found -> {
              requireFree(found, snapshots);
              DeleteOutcome all = null;
              List<SnapshotRow> storage = new ArrayList<>();
              for (DiskAddress snapshot : snapshots) {
                Optional<SnapshotRow> row = storageRow(found, Resolver.snapshotName(snapshot));
                if (row.isPresent()) {
                  storage.add(row.get());
                } else {
                  DeleteOutcome one = parts.compute().delete(found, internal(found, snapshot));
                  all = all == null ? one : all.plus(one);
                }
              }
              if (!storage.isEmpty()) {
                DeleteOutcome rest = deleteStorage(found, storage);
                all = all == null ? rest : rest.plus(all);
              }
              return Objects.requireNonNull(all);
            });
  }

  private DeleteOutcome deleteStorage(Resolver.Found found, List<SnapshotRow> rows)
      throws IOException {
    String disk = found.disk().name();
    return parts
        .reaper()
        .delete(
            found.site(),
            found.disk().family(),
            rows,
            rows.stream().map(row -> disk + "@" + row.name()).toList());
  }

  private static DiskAddress oneDisk(List<DiskAddress> snapshots) {
    snapshots.forEach(Resolver::snapshotName);
    List<DiskAddress> disks = snapshots.stream().map(DiskAddress::diskOnly).distinct().toList();
    if (disks.size() != 1 || snapshots.stream().distinct().count() < snapshots.size()) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          disks.size() == 1
              ? "a snapshot is named twice"
              : "the snapshots are of " + disks.size() + " disks, expected one",
          "Name each snapshot of one disk once.");
    }
    return disks.getFirst();
  }

  @Override
  public DeletePreview preview(List<DiskAddress> snapshots) {
    DiskAddress disk = oneDisk(snapshots);
    return Problems.guard(() -> {
      Resolver.Found found = parts.resolver().disk(disk);
      List<SnapshotRow> storage = new ArrayList<>();
      List<String> inside = new ArrayList<>();
      long inFile = 0;
      for (DiskAddress snapshot : snapshots) {
        Optional<SnapshotRow> row = storageRow(found, Resolver.snapshotName(snapshot));
        if (row.isPresent()) {
          storage.add(row.get());
        } else {
          SnapshotView view = parts.snapshotViews().show(found, snapshot);
          inside.add(found.disk().name() + "@" + view.name());
          inFile += view.space().dataBytes() + view.space().indexBytes();
        }
      }
      DeletePreview preview = plans.preview(found, storage);
      return inside.isEmpty() ? preview : preview.withInside(inside, inFile);
    });
  }

  @Override
  public List<DiskAddress> select(DiskAddress address) {
    return Problems.guard(() -> plans.select(address));
  }

  /// Refuses, before anything is deleted, if someone holds one of them.
  private void requireFree(Resolver.Found found, List<DiskAddress> snapshots) {
    List<SnapshotRow> rows =
        snapshots.stream()
            .flatMap(each -> storageRow(found, Resolver.snapshotName(each)).stream())
            .toList();
    Holds.requireFree(parts.context(), found.address(), rows);
  }

  @Override
  public HoldView hold(DiskAddress snapshot, String holder, String reason) {
    Names.checkText("holder", holder);
    Names.checkText("reason", reason);
    return parts
        .verbs()
        .onDisk(
            snapshot,
            found -> {
              SnapshotRow row = requireStorage(found, snapshot);
              Holds.requireFree(parts.context(), found.address(), List.of(row));
              parts.label().hold(found.site(), found.disk().family(), row, holder, reason);
              HoldRow made = parts.context().read(tx -> tx.hold(row.id())).orElseThrow();
              return Holds.view(found.address() + "@" + row.name(), made);
            });
  }

  @Override
  public void release(DiskAddress snapshot) {
    parts
        .verbs()
        .onDisk(
            snapshot,
            found -> {
              SnapshotRow row = requireStorage(found, snapshot);
              parts.label().hold(found.site(), found.disk().family(), row, null, "");
              return true;
            });
  }

  @Override
  public List<HoldView> holds(DiskAddress disk) {
    return Problems.guard(() -> {
      Resolver.Found found = parts.resolver().disk(disk);
      return parts
          .context()
          .read(tx ->
              tx.snapshots(found.disk().id()).stream()
                  .flatMap(row ->
                      tx
                          .hold(row.id())
                          .map(hold -> Holds.view(found.address() + "@" + row.name(), hold))
                          .stream())
                  .toList());
    });
  }

  @Override
  public SnapshotView rename(DiskAddress snapshot, String newName) {
    Names.check("snapshot", newName);
    return parts
        .verbs()
        .onDisk(
            snapshot,
            found -> {
              SnapshotRow row = requireStorage(found, snapshot);
              requireFree(found, newName);
              boolean held = parts.context().read(tx -> tx.hold(row.id())).isPresent();
              parts.label().rename(found.site(), found.disk().family(), row, newName, held);
              return parts.snapshotViews().show(found, snapshot.diskOnly().at(newName));
            });
  }

  private SnapshotRow requireStorage(Resolver.Found found, DiskAddress snapshot)
      throws IOException {
    Optional<SnapshotRow> row = storageRow(found, Resolver.snapshotName(snapshot));
    if (row.isEmpty()) {
      internal(found, snapshot);
      throw new RefusedException(
          ProblemCode.NOT_ALLOWED_HERE,
          "'"
              + snapshot
              + "' is a compute snapshot: it lies inside the image, which other programs"
              + " may change as they like",
          "Only storage snapshots are held and renamed.");
    }
    return row.get();
  }
}
