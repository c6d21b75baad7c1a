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
import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Directories;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/// Takes a storage snapshot. Order, each step durable before the next:
///
/// 1. intent
/// 2. the next overlay, complete, under its own name
/// 3. the active layer says of itself that it is the snapshot: from here on the snapshot exists
/// 4. the active layer's file loses its write permission
/// 5. catalog: the overlay is active, the snapshot has a name, the intent is gone
///
/// Then the side file learns of the frozen layer.
///
/// Recovery asks the old layer: if it says that it is the snapshot, 4 and 5 follow; else the
/// overlay goes.
final class TakeSnapshot implements JournaledVerb {
  private static final String NAME = "snapshot-create";

  private final Context context;
  private final Journal journal;

  TakeSnapshot(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Takes it, under the family's lock; the name is free. Returns the id of the snapshot.
  UUID take(Resolver.Found found, String name, boolean automatic) throws IOException {
    PoolSite site = found.site();
    DiskRow disk = found.disk();
    LayerRow active = Layers.active(context, disk);
    Layers.requireStanding(context, site, active);
    Path file = site.file(active);
    try (Qcow2Layer layer = LayerFiles.openActive(file, active.id())) {
      Qcow2Info info = layer.info();
      requireNoComputeSnapshots(info, found.address());
      long when = Math.max(context.now(), active.createdMillis() + 1);
      Args args =
          new Args()
              .with("disk", disk.id())
              .with("layer", active.id())
              .with("next", context.newId())
              .with("snapshot", context.newId())
              .with("name", name)
              .with("automatic", automatic)
              .with("when", when);
      return journal.run(this, site, disk.family(), args, i -> steps(site, layer, info, disk, i));
    }
  }

  private static void requireNoComputeSnapshots(Qcow2Info info, String address) {
    if (info.snapshots() > 0) {
      throw new RefusedException(
          ProblemCode.HAS_COMPUTE_SNAPSHOTS,
          "disk '"
              + address
              + "' holds "
              + info.snapshots()
              + " compute snapshots, which a storage snapshot would leave behind in a frozen layer",
          "Delete them first, or take a compute snapshot (--kind compute).");
    }
  }

  private UUID steps(PoolSite site, Qcow2Layer layer, Qcow2Info info, DiskRow disk, Intent intent)
      throws IOException {
    Args args = intent.args();
    UUID active = args.id("layer");
    UUID next = args.id("next");
    Path file = site.file(PoolSite.fileName(next));
    context.step(NAME, "overlay");
    VarveIdentity own =
        VarveIdentity.active(next, active, disk.id(), disk.name(), args.number("when"));
    LayerFiles.make(file, Overlays.on(info, PoolSite.fileName(active), own));
    Directories.flush(site.folder());
    context.step(NAME, "freeze");
    VarveIdentity before = LayerFiles.requireLayer(layer, active);
    layer.setIdentity(
        before.asSnapshot(args.text("name"), args.id("snapshot"), args.number("when")));
    finish(site, intent, info.virtualSize());
    return args.id("snapshot");
  }

  private void finish(PoolSite site, Intent intent, long size) throws IOException {
    context.step(NAME, "protect");
    LayerFiles.freeze(site.file(PoolSite.fileName(intent.args().id("layer"))));
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, intent, size));
    UUID frozen = intent.args().id("layer");
    UUID parent = context.read(tx -> tx.layer(frozen)).map(LayerRow::parent).orElse(null);
    new SideMaps(context).frozen(site, intent.family(), frozen, parent);
  }

  private static void commit(CatalogTx tx, Intent intent, long size) {
    Args args = intent.args();
    LayerRow active = Layers.require(tx, args.id("layer"));
    DiskRow disk = Layers.requireDisk(tx, args.id("disk"));
    UUID next = args.id("next");
    long when = args.number("when");
    tx.update(active.withRole(NodeRole.SNAPSHOT, when));
    tx.insert(Layers.newActive(disk, next, active.id(), when));
    tx.update(disk.withActive(next, size));
    tx.insert(
        new SnapshotRow(
            args.id("snapshot"),
            disk.id(),
            args.text("name"),
            SnapshotKind.STORAGE,
            active.id(),
            null,
            args.flag("automatic"),
            null,
            true,
            when));
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    Args args = intent.args();
    Path file = site.file(PoolSite.fileName(args.id("layer")));
    Path next = site.file(PoolSite.fileName(args.id("next")));
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      VarveIdentity own = LayerFiles.requireLayer(layer, args.id("layer"));
      if (args.id("snapshot").equals(own.snapshotId())) {
        finish(site, intent, layer.size());
        return;
      }
    }
    LayerFiles.undo(next);
    context.write(tx -> tx.deleteIntent(intent.id()));
  }
}
