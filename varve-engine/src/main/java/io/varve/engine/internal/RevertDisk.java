// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Reverts a disk to a storage snapshot. Order:
///
/// 1. intent
/// 2. an empty overlay on the snapshot's layer, complete: from here on the disk is reverted,
///    because of two active layers of a disk the newer one counts
/// 3. the old active layer: kept as a snapshot (identity, then mode), or deleted
/// 4. catalog: the overlay is active, the intent is gone
///
/// Recovery asks whether the overlay is complete: if so 3 and 4 follow, else it goes.
final class RevertDisk implements JournaledVerb {
  private static final String NAME = "snapshot-revert";

  private final Context context;
  private final Journal journal;

  RevertDisk(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Reverts, under the family's lock; `keepAs` is free.
  void revert(Resolver.Found found, LayerRow target, @Nullable String keepAs) throws IOException {
    DiskRow disk = found.disk();
    PoolSite site = found.site();
    Layers.requireStanding(context, site, target);
    LayerRow old = context.read(tx -> tx.layer(disk.activeLayer())).orElse(null);
    long when = context.now();
    if (old != null) {
      when = Math.max(when, old.createdMillis() + 1);
      requireRevertible(site, old, found.address());
    } else if (keepAs != null) {
      Layers.active(context, disk);
    }
    Args args =
        new Args()
            .with("disk", disk.id())
            .with("old", old == null ? null : old.id())
            .with("target", target.id())
            .with("next", context.newId())
            .with("keep", keepAs)
            .with("snapshot", keepAs == null ? null : context.newId())
            .with("when", when);
    journal.run(
        this,
        site,
        disk.family(),
        args,
        intent -> {
          overlay(site, disk, target, intent);
          finish(site, intent);
          return true;
        });
  }

  /// Nobody uses the old layer, and no compute snapshot is lost with it. A file that is missing or
  /// damaged is no reason to stay with it.
  private static void requireRevertible(PoolSite site, LayerRow old, String address)
      throws IOException {
    Path file = site.file(old);
    if (!Files.exists(file)) {
      return;
    }
    try (Qcow2Layer layer = LayerFiles.openActive(file, old.id())) {
      int held = layer.info().snapshots();
      if (held > 0) {
        throw new RefusedException(
            ProblemCode.HAS_COMPUTE_SNAPSHOTS,
            "disk '" + address + "' holds " + held + " compute snapshots, which would be lost",
            "Delete them first, or revert to one of them.");
      }
    }
  }

  private void overlay(PoolSite site, DiskRow disk, LayerRow target, Intent intent)
      throws IOException {
    Args args = intent.args();
    UUID next = args.id("next");
    context.step(NAME, "overlay");
    VarveIdentity own =
        VarveIdentity.active(next, target.id(), disk.id(), disk.name(), args.number("when"));
    try (Qcow2Layer base = LayerFiles.openToLook(site.file(target))) {
      LayerFiles.requireLayer(base, target.id());
      LayerFiles.make(
          site.file(PoolSite.fileName(next)), Overlays.on(base.info(), target.file(), own));
    }
    Directories.flush(site.folder());
  }

  private void finish(PoolSite site, Intent intent) throws IOException {
    Args args = intent.args();
    UUID old = args.idOrNull("old");
    if (old != null) {
      Path file = site.file(PoolSite.fileName(old));
      String keep = args.textOrNull("keep");
      if (keep == null) {
        context.step(NAME, "drop");
        LayerFiles.delete(file);
      } else {
        context.step(NAME, "keep");
        keep(file, old, keep, args);
      }
    }
    long size;
    try (Qcow2Layer next = LayerFiles.openToLook(site.file(PoolSite.fileName(args.id("next"))))) {
      size = next.size();
    }
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, intent, size));
    if (old != null && args.textOrNull("keep") != null) {
      UUID parent = context.read(tx -> tx.layer(old)).map(LayerRow::parent).orElse(null);
      new SideMaps(context).frozen(site, intent.family(), old, parent);
    }
  }

  private static void keep(Path file, UUID old, String name, Args args) throws IOException {
    try (Qcow2Layer layer = LayerFiles.openFrozen(file, old)) {
      VarveIdentity own = LayerFiles.requireLayer(layer, old);
      if (own.role() == VarveIdentity.Role.ACTIVE) {
        layer.setIdentity(own.asSnapshot(name, args.id("snapshot"), args.number("when")));
      }
    }
    LayerFiles.freeze(file);
  }

  private static void commit(CatalogTx tx, Intent intent, long size) {
    Args args = intent.args();
    DiskRow disk = Layers.requireDisk(tx, args.id("disk"));
    UUID next = args.id("next");
    UUID old = args.idOrNull("old");
    long when = args.number("when");
    String keep = args.textOrNull("keep");
    if (old != null && keep == null) {
      tx.deleteLayer(old);
    } else if (old != null && keep != null) {
      tx.update(Layers.require(tx, old).withRole(NodeRole.SNAPSHOT, when));
      tx.insert(
          new SnapshotRow(
              args.id("snapshot"),
              disk.id(),
              keep,
              SnapshotKind.STORAGE,
              old,
              null,
              false,
              null,
              true,
              when));
    }
    tx.insert(Layers.newActive(disk, next, args.id("target"), when));
    tx.update(disk.withActive(next, size));
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    Path next = site.file(PoolSite.fileName(intent.args().id("next")));
    if (LayerFiles.isLayer(next, intent.args().id("next"))) {
      finish(site, intent);
      return;
    }
    LayerFiles.undo(next);
    context.write(tx -> tx.deleteIntent(intent.id()));
  }
}
