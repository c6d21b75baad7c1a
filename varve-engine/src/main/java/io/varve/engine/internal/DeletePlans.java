// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.ProblemCode;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.DeletePreview;
import io.varve.engine.model.DeletePreview.Action;
import io.varve.engine.model.DeletePreview.Direction;
import io.varve.engine.model.DeletePreview.Step;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.op.MergeCost;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// Which snapshots a user means, and what deleting them would do.
final class DeletePlans {
  private static final String RANGE = "..";

  private final Parts parts;

  DeletePlans(Parts parts) {
    this.parts = parts;
  }

  /// The snapshots that `disk@name` or `disk@from..to` names, the oldest first. A range has all
  /// storage snapshots of the disk on the way between the two.
  List<DiskAddress> select(DiskAddress address) {
    String name = Resolver.snapshotName(address);
    int dots = name.indexOf(RANGE);
    Resolver.Found found = parts.resolver().disk(address);
    DiskRow disk = found.disk();
    if (dots < 0 || row(disk, name).isPresent()) {
      return List.of(address);
    }
    SnapshotRow one = require(disk, address, name.substring(0, dots));
    SnapshotRow other = require(disk, address, name.substring(dots + RANGE.length()));
    Family family = parts.context().read(tx -> Family.read(tx, disk.family()));
    List<DiskAddress> up = between(family, disk, address, one, other);
    List<DiskAddress> range = up.isEmpty() ? between(family, disk, address, other, one) : up;
    if (range.isEmpty()) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          "'" + address + "' is no range: neither snapshot stands on the other",
          "Name two snapshots of one branch, or each one by itself.");
    }
    return range;
  }

  private Optional<SnapshotRow> row(DiskRow disk, String name) {
    return parts
        .context()
        .read(tx -> tx.snapshot(disk.id(), name))
        .filter(row -> row.kind() == SnapshotKind.STORAGE);
  }

  private SnapshotRow require(DiskRow disk, DiskAddress address, String name) {
    return row(disk, name).orElseThrow(() -> Resolver.noSnapshot(address.diskOnly().at(name)));
  }

  /// From `lower` up to `upper`, empty if the one does not stand on the other.
  private static List<DiskAddress> between(
      Family family, DiskRow disk, DiskAddress address, SnapshotRow lower, SnapshotRow upper) {
    List<DiskAddress> names = new ArrayList<>();
    for (LayerRow layer : family.chain(upper.layer())) {
      SnapshotRow name = family.name(layer.id());
      if (name != null && name.disk().equals(disk.id())) {
        names.addFirst(address.diskOnly().at(name.name()));
      }
      if (layer.id().equals(lower.layer())) {
        return names;
      }
    }
    return List.of();
  }

  /// What deleting these storage snapshots of one disk would do.
  DeletePreview preview(Resolver.Found found, List<SnapshotRow> rows) throws IOException {
    PoolSite site = found.site();
    Family family = parts.context().read(tx -> Family.read(tx, found.disk().family()));
    List<LayerRow> all = parts.context().read(tx -> tx.layersOfFamily(found.disk().family()));
    Set<UUID> deleted = new HashSet<>(rows.stream().map(SnapshotRow::layer).toList());
    Labels labels = new Labels(family, found.disk(), deleted);
    Set<UUID> removedBefore = ids(Fates.of(all, Set.of(), Set.of(), false).removed());
    Fates fates = Fates.of(all, deleted, deleted, false);
    List<Step> steps = new ArrayList<>();
    for (LayerRow row : fates.removed()) {
      if (!removedBefore.contains(row.id())) {
        steps.add(removal(site, row, labels));
      }
    }
    for (Fates.Run run : fates.runs()) {
      if (run.holds(deleted) || !existed(all, run)) {
        steps.add(merge(site, run, labels));
      }
    }
    for (LayerRow row : fates.kept()) {
      if (deleted.contains(row.id())) {
        steps.add(new Step(Action.KEEP, List.of(labels.of(row)), null, null, 0, 0));
      }
    }
    return new DeletePreview(
        rows.stream().map(row -> found.disk().name() + "@" + row.name()).toList(),
        steps.stream().mapToLong(Step::freedBytes).sum(),
        steps.stream().mapToLong(Step::movedBytes).sum(),
        0,
        steps,
        labels.readers(all, deleted),
        List.of());
  }

  private static Set<UUID> ids(List<LayerRow> rows) {
    return new HashSet<>(rows.stream().map(LayerRow::id).toList());
  }

  /// A run that is there already is not this delete's doing.
  private static boolean existed(List<LayerRow> all, Fates.Run run) {
    return Fates.of(all, Set.of(), Set.of(), false).runs().contains(run);
  }

  private static Step removal(PoolSite site, LayerRow row, Labels labels) throws IOException {
    Path file = site.file(row);
    long bytes = 0;
    if (Files.exists(file)) {
      try (FileStorage open = FileStorage.open(file, FileAccess.READ_ONLY, LockMode.NONE)) {
        bytes = open.allocatedBytes();
      }
    }
    return new Step(Action.REMOVE, List.of(labels.of(row)), null, null, 0, bytes);
  }

  private static Step merge(PoolSite site, Fates.Run run, Labels labels) throws IOException {
    try (OpenRun open = OpenRun.look(site, run)) {
      MergeCost cost = open.merge().cost(0);
      Direction direction =
          open.keeper() == 0
              ? Direction.UP
              : open.keeper() == run.gone().size() ? Direction.DOWN : Direction.BOTH;
      return new Step(
          Action.MERGE,
          run.gone().stream().map(labels::of).toList(),
          labels.of(run.top()),
          direction,
          cost.movedBytes(),
          open.freed(cost));
    }
  }

  /// How layers are called.
  private record Labels(Family family, DiskRow disk, Set<UUID> deleted) {
    String of(LayerRow row) {
      SnapshotRow name = family.name(row.id());
      DiskRow owner = family.disk(row.disk());
      if (name != null) {
        DiskRow named = family.disk(name.disk());
        return (named == null ? "?" : named.name()) + "@" + name.name();
      }
      return row.role() == NodeRole.ACTIVE && owner != null
          ? owner.name()
          : "retired layer " + row.id().toString().substring(0, 8);
    }

    /// Named nodes and disks that stand on the deleted layers, directly or over layers without a
    /// name.
    List<String> readers(List<LayerRow> all, Set<UUID> layers) {
      Set<String> names = new LinkedHashSet<>();
      for (LayerRow row : all) {
        boolean stays = row.role() != NodeRole.RETIRED && !layers.contains(row.id());
        if (stays && standsOn(row, layers)) {
          names.add(of(row));
        }
      }
      return List.copyOf(names);
    }

    private boolean standsOn(LayerRow row, Set<UUID> layers) {
      for (LayerRow at : family.chain(row.id())) {
        if (layers.contains(at.id())) {
          return true;
        }
        if (!at.id().equals(row.id()) && at.role() != NodeRole.RETIRED) {
          return false;
        }
      }
      return false;
    }
  }
}
