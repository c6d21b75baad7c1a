// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeleteOutcome.How;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.qcow2.FreedSpace;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.check.RepairMode;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Creates, applies and deletes compute snapshots: 1. intent, 2. the file, in an order that a crash
/// can only leave leaked clusters behind, 3. catalog.
///
/// Recovery repairs the file (which gives leaked clusters back), then asks its snapshot table: a
/// create counts if the snapshot is there; an apply or a delete is done again.
final class ComputeVerb implements JournaledVerb {
  private static final String NAME = "snapshot-compute";
  private static final String CREATE = "create";
  private static final String APPLY = "apply";
  private static final String DELETE = "delete";

  private final Context context;
  private final Journal journal;

  ComputeVerb(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Takes one, under the family's lock; the name is free. Returns its id inside the file.
  String create(Resolver.Found found, String name) throws IOException {
    return run(
        found,
        args(found, CREATE).with("name", name).with("when", context.now()),
        (layer, intent) -> {
          boolean known = allKnown(found.disk(), layer.snapshots().list());
          InternalSnapshot made =
              layer.snapshots().create(name, Instant.ofEpochMilli(intent.args().number("when")));
          // What the old snapshot table held is counted down only now: before the intent goes,
          // because without it nobody looks for leaked clusters.
          layer.flush();
          commit(intent, tx -> created(tx, intent, made, known));
          return made.id();
        });
  }

  /// Makes the disk what it was at the snapshot, under the family's lock.
  void apply(Resolver.Found found, InternalSnapshot snapshot) throws IOException {
    run(
        found,
        args(found, APPLY).with("name", snapshot.name()).with("internal", snapshot.id()),
        (layer, intent) -> {
          applyIn(layer, intent);
          return true;
        });
  }

  /// Deletes one, under the family's lock.
  DeleteOutcome delete(Resolver.Found found, InternalSnapshot snapshot) throws IOException {
    return run(
        found,
        args(found, DELETE).with("name", snapshot.name()).with("internal", snapshot.id()),
        this::deleteIn);
  }

  private static Args args(Resolver.Found found, String operation) {
    return new Args().with("disk", found.disk().id()).with("operation", operation);
  }

  @FunctionalInterface
  private interface Work<T> {
    T run(Qcow2Layer layer, Intent intent) throws IOException;
  }

  private <T> T run(Resolver.Found found, Args args, Work<T> work) throws IOException {
    LayerRow active = Layers.active(context, found.disk());
    Path file = found.site().file(active);
    return journal.run(
        this,
        found.site(),
        found.disk().family(),
        args.with("file", active.file()).with("layer", active.id()),
        intent -> {
          context.step(NAME, "change");
          try (Qcow2Layer layer = LayerFiles.openActive(file, active.id())) {
            return work.run(layer, intent);
          }
        });
  }

  private void commit(Intent intent, Consumer<CatalogTx> work) {
    context.step(NAME, "commit");
    context.write(tx -> {
      work.accept(tx);
      tx.deleteIntent(intent.id());
    });
  }

  /// True if nobody else took snapshots in this file: then the recorded parent is the parent.
  private boolean allKnown(DiskRow disk, List<InternalSnapshot> inFile) {
    List<SnapshotRow> known = context.read(tx -> tx.snapshots(disk.id()));
    return inFile.stream()
        .allMatch(entry -> known.stream().anyMatch(row -> ComputeSnapshots.isOf(row, entry)));
  }

  private void created(CatalogTx tx, Intent intent, InternalSnapshot made, boolean known) {
    DiskRow disk = Layers.requireDisk(tx, intent.args().id("disk"));
    boolean parentKnown = known || disk.computeParent() != null;
    tx.insert(
        new SnapshotRow(
            ComputeSnapshots.idOf(disk, made),
            disk.id(),
            made.name(),
            SnapshotKind.COMPUTE,
            disk.activeLayer(),
            made.id(),
            false,
            disk.computeParent(),
            parentKnown,
            made.takenAt().toEpochMilli()));
    tx.update(disk.withComputeParent(made.id()));
  }

  private void applyIn(Qcow2Layer layer, Intent intent) throws IOException {
    List<InternalSnapshot> all = layer.snapshots().list();
    InternalSnapshot wanted = recorded(all, intent).orElseThrow();
    layer.snapshots().apply(ComputeSnapshots.key(all, wanted));
    layer.flush();
    long size = layer.size();
    commit(
        intent,
        tx ->
            tx.update(
                Layers.requireDisk(tx, intent.args().id("disk"))
                    .withSize(size)
                    .withComputeParent(wanted.id())));
  }

  private DeleteOutcome deleteIn(Qcow2Layer layer, Intent intent) throws IOException {
    List<InternalSnapshot> all = layer.snapshots().list();
    Optional<InternalSnapshot> wanted = recorded(all, intent);
    FreedSpace freed =
        wanted.isEmpty()
            ? new FreedSpace(0, 0)
            : layer.snapshots().delete(ComputeSnapshots.key(all, wanted.get()));
    layer.flush();
    commit(intent, tx -> deleted(tx, intent));
    boolean punches = layer.storage().capabilities().punch();
    List<String> notes =
        punches
            ? List.of()
            : List.of(
                "the store cannot punch holes: only the index went, the freed clusters wait inside"
                    + " the file for reuse");
    return new DeleteOutcome(
        How.FREED_IN_FILE,
        freed.punchedBytes(),
        0,
        freed.freedBytes(),
        freed.punchedBytes(),
        punches,
        0,
        List.of(),
        notes);
  }

  /// What stood on the snapshot stands on its parent now.
  private static void deleted(CatalogTx tx, Intent intent) {
    DiskRow disk = Layers.requireDisk(tx, intent.args().id("disk"));
    String internal = intent.args().text("internal");
    String name = intent.args().text("name");
    List<SnapshotRow> rows =
        tx.snapshots(disk.id()).stream().filter(r -> r.kind() == SnapshotKind.COMPUTE).toList();
    Optional<SnapshotRow> own =
        rows.stream()
            .filter(r -> internal.equals(r.internalId()) && name.equals(r.name()))
            .findFirst();
    String parent = own.map(SnapshotRow::computeParent).orElse(null);
    boolean known = own.map(SnapshotRow::parentKnown).orElse(false);
    own.ifPresent(row -> tx.deleteSnapshot(row.id()));
    for (SnapshotRow row : rows) {
      if (internal.equals(row.computeParent())) {
        tx.deleteSnapshot(row.id());
        tx.insert(reparented(row, parent, known));
      }
    }
    if (Objects.equals(disk.computeParent(), internal)) {
      tx.update(disk.withComputeParent(parent));
    }
  }

  private static SnapshotRow reparented(SnapshotRow row, @Nullable String parent, boolean known) {
    return new SnapshotRow(
        row.id(),
        row.disk(),
        row.name(),
        row.kind(),
        row.layer(),
        row.internalId(),
        row.automatic(),
        parent,
        known,
        row.createdMillis());
  }

  private static Optional<InternalSnapshot> recorded(List<InternalSnapshot> all, Intent intent) {
    String name = intent.args().text("name");
    String internal = intent.args().textOrNull("internal");
    return all.stream()
        .filter(s -> s.name().equals(name) && (internal == null || s.id().equals(internal)))
        .findFirst();
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    Args args = intent.args();
    Path file = site.file(args.text("file"));
    UUID layerId = args.id("layer");
    if (crashed) {
      repair(file);
    }
    try (Qcow2Layer layer = LayerFiles.openActive(file, layerId)) {
      Optional<InternalSnapshot> entry = recorded(layer.snapshots().list(), intent);
      switch (args.text("operation")) {
        case CREATE -> recoverCreate(layer, intent, entry);
        case APPLY -> {
          if (crashed && entry.isPresent()) {
            applyIn(layer, intent);
          } else {
            commit(intent, _ -> {});
          }
        }
        default -> {
          if (crashed || entry.isEmpty()) {
            deleteIn(layer, intent);
          } else {
            commit(intent, _ -> {});
          }
        }
      }
    }
  }

  private void recoverCreate(Qcow2Layer layer, Intent intent, Optional<InternalSnapshot> entry)
      throws IOException {
    if (entry.isEmpty()) {
      commit(intent, _ -> {});
      return;
    }
    DiskRow disk = context.read(tx -> Layers.requireDisk(tx, intent.args().id("disk")));
    List<InternalSnapshot> others =
        layer.snapshots().list().stream().filter(s -> !s.equals(entry.get())).toList();
    boolean known = allKnown(disk, others);
    commit(intent, tx -> created(tx, intent, entry.get(), known));
  }

  private static void repair(Path file) throws IOException {
    try (FileStorage storage = FileStorage.open(file, FileAccess.READ_WRITE, LockMode.WRITER)) {
      Qcow2Check.repair(storage, RepairMode.ALL, CheckProgress.NONE);
    }
  }

  /// The snapshot that an address names, in an open file.
  static InternalSnapshot named(Qcow2Layer layer, DiskAddress address) throws IOException {
    return ComputeSnapshots.find(layer, Resolver.snapshotName(address), address);
  }
}
