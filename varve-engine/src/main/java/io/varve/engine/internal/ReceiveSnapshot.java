// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Directories;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Makes a snapshot of content that comes from elsewhere: a frozen layer on a snapshot of the same
/// disk, beside what stands on that already; or the first layer of a new disk. Order:
///
/// 1. intent
/// 2. the layer, filled and flushed, under a temporary name
/// 3. for a new disk: an empty overlay on it
/// 4. their own names, and the mode of a frozen file
/// 5. catalog, under the lock of the disk's family
///
/// The content may take hours to come, so until 5 the verb holds a lock of its own only: no other
/// verb waits for it, and the open base keeps away whoever would change that. Nothing refers to the
/// new files before 5: recovery deletes them.
final class ReceiveSnapshot implements JournaledVerb {
  private static final String NAME = "snapshot-receive";

  private final Context context;
  private final Journal journal;
  private final Verbs verbs;

  ReceiveSnapshot(Context context, Journal journal, Verbs verbs) {
    this.context = context;
    this.journal = journal;
    this.verbs = verbs;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean makesFamily() {
    return true;
  }

  /// A snapshot to make.
  ///
  /// @param disk the row of the disk; not in the catalog yet where it is new
  /// @param base the layer that it is laid on, null for a new disk
  /// @param name of the snapshot
  /// @param origin id of the snapshot at the sender
  /// @param options size and clusters
  record Plan(
      PoolSite site,
      DiskRow disk,
      @Nullable LayerRow base,
      UUID layer,
      UUID snapshot,
      String name,
      UUID origin,
      Qcow2CreateOptions options) {
    boolean newDisk() {
      return base == null;
    }

    Path file() {
      return site.file(PoolSite.fileName(layer));
    }
  }

  /// Puts content into the new layer.
  @FunctionalInterface
  interface Content {
    /// @param chain the new layer on its base, as a guest sees it
    void fill(Chain chain) throws IOException;
  }

  /// What is asked under the lock of the disk's family before the result counts.
  @FunctionalInterface
  interface Check {
    void run(CatalogTx tx);
  }

  /// Makes it.
  ///
  /// @param base the open chain of the plan's base; stays open
  /// @param check throws if the result must not count
  void receive(Plan plan, Sources.@Nullable Opened base, Content content, Check check)
      throws IOException {
    UUID family = plan.newDisk() ? plan.disk.id() : plan.layer;
    Args args =
        new Args()
            .with("disk", plan.disk.id())
            .with("layer", plan.layer)
            .with("active", plan.newDisk() ? plan.disk.activeLayer() : null)
            .with("when", context.now());
    verbs.inPool(
        plan.site,
        family,
        () ->
            journal.run(
                this,
                plan.site,
                family,
                args,
                intent -> steps(plan, base, content, check, intent)));
  }

  private boolean steps(
      Plan plan, Sources.@Nullable Opened base, Content content, Check check, Intent intent)
      throws IOException {
    long when = intent.args().number("when");
    context.step(NAME, "fill");
    fill(plan, base, content, when);
    LayerFiles.flush(LayerFiles.unfinished(plan.file()));
    if (plan.newDisk()) {
      context.step(NAME, "overlay");
      overlay(plan, when);
    }
    context.step(NAME, "publish");
    LayerFiles.finish(plan.file());
    LayerFiles.freeze(plan.file());
    Directories.flush(plan.site.folder());
    context.step(NAME, "commit");
    if (plan.newDisk()) {
      context.write(tx -> commit(tx, plan, intent, check));
      return true;
    }
    try (PoolLocks.Held _ = context.locks().exclusive(plan.site, plan.disk.family())) {
      context.write(tx -> commit(tx, plan, intent, check));
    }
    return true;
  }

  private void fill(Plan plan, Sources.@Nullable Opened base, Content content, long when)
      throws IOException {
    DiskRow disk = plan.disk;
    LayerRow parent = plan.base;
    VarveIdentity own =
        VarveIdentity.active(
                plan.layer, parent == null ? null : parent.id(), disk.id(), disk.name(), when)
            .asSnapshot(plan.name, plan.snapshot, when)
            .withOrigin(plan.origin);
    Qcow2CreateOptions options = plan.options.withIdentity(own);
    if (parent != null) {
      options = options.withBacking(Overlays.reference(parent.file()));
    }
    Path unfinished = LayerFiles.unfinished(plan.file());
    Files.deleteIfExists(unfinished);
    try (FileStorage file = FileStorage.create(unfinished, LockMode.WRITER)) {
      // Thrown away if it is cut short; flushed as a whole before it gets its name.
      file.ignoreFlushes();
      Qcow2Create.create(file, options);
      List<Layer> layers = new ArrayList<>();
      try (Qcow2Layer top = MakeDisk.openIn(file)) {
        layers.add(top);
        if (base != null) {
          layers.addAll(base.chain().layers());
        }
        // Not closed: the base is the caller's.
        content.fill(Chain.of(layers));
      }
    }
  }

  private static void overlay(Plan plan, long when) throws IOException {
    DiskRow disk = plan.disk;
    UUID active = disk.activeLayer();
    VarveIdentity own = VarveIdentity.active(active, plan.layer, disk.id(), disk.name(), when + 1);
    try (Qcow2Layer layer = LayerFiles.openToLook(LayerFiles.unfinished(plan.file()))) {
      LayerFiles.make(
          plan.site.file(PoolSite.fileName(active)),
          Overlays.on(layer.info(), PoolSite.fileName(plan.layer), own));
    }
  }

  private static void commit(CatalogTx tx, Plan plan, Intent intent, Check check) {
    check.run(tx);
    DiskRow disk = plan.disk;
    long when = intent.args().number("when");
    LayerRow base = plan.base;
    if (plan.newDisk()) {
      tx.insert(disk);
      tx.insert(Layers.newActive(disk, disk.activeLayer(), plan.layer, when + 1));
    }
    tx.insert(
        new LayerRow(
            plan.layer,
            disk.pool(),
            disk.family(),
            disk.id(),
            base == null ? null : Layers.require(tx, base.id()).id(),
            NodeRole.SNAPSHOT,
            PoolSite.fileName(plan.layer),
            when,
            when,
            0));
    tx.insert(
        new SnapshotRow(
            plan.snapshot,
            disk.id(),
            plan.name,
            SnapshotKind.STORAGE,
            plan.layer,
            null,
            false,
            null,
            true,
            when));
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    Args args = intent.args();
    UUID layer = args.id("layer");
    if (context.read(tx -> tx.layer(layer)).isEmpty()) {
      UUID active = args.idOrNull("active");
      if (active != null) {
        LayerFiles.undo(site.file(PoolSite.fileName(active)));
      }
      LayerFiles.undo(site.file(PoolSite.fileName(layer)));
    }
    context.write(tx -> tx.deleteIntent(intent.id()));
  }
}
