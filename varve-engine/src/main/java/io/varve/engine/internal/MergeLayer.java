// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.LayerRow;
import io.varve.image.BackingReference;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.op.PullOp;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Deletes a layer: removes it where nobody reads it, merges it into its child where one does.
///
/// Remove: 1. intent, 2. the file goes, 3. catalog.
///
/// Merge: 1. intent, 2. the child takes write permission, if it is frozen, 3. the child pulls up
/// what the layer holds (it reads the same at every moment), 4. the child's header names the
/// layer's base instead, in one step: from here on nobody reads the layer, 5. the child is frozen
/// again, 6. the file goes, 7. catalog.
///
/// Recovery asks the child: if it names the new base, 5 to 7 follow. If not, a merge whose program
/// died goes on with 3 (what was pulled is not pulled again), and one that failed or was stopped is
/// dropped: both layers read as before.
final class MergeLayer implements JournaledVerb {
  private static final String NAME = "layer-delete";

  private final Context context;
  private final Journal journal;

  MergeLayer(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// What it did.
  ///
  /// @param movedBytes into the child
  /// @param freedBytes of the layer's file
  record Done(long movedBytes, long freedBytes) {}

  /// Deletes a layer that has no child, under the family's lock.
  ///
  /// @param snapshot the name that goes with it, or null
  Done remove(PoolSite site, LayerRow layer, @Nullable UUID snapshot) throws IOException {
    Args args = new Args().with("layer", layer.id()).with("snapshot", snapshot);
    return journal.run(
        this,
        site,
        layer.family(),
        args,
        intent -> new Done(0, finish(site, intent, layer.file())));
  }

  /// Merges a layer into its only child and deletes it, under the family's lock.
  ///
  /// @throws io.varve.image.ImageInUseException if someone has one of the two open; nothing has
  ///   changed then
  Done merge(PoolSite site, LayerRow layer, LayerRow child, @Nullable UUID snapshot)
      throws IOException {
    requireUnused(site.file(layer));
    Args args =
        new Args()
            .with("layer", layer.id())
            .with("child", child.id())
            .with("parent", layer.parent())
            .with("snapshot", snapshot);
    return journal.run(
        this,
        site,
        layer.family(),
        args,
        intent -> {
          long moved = pull(site, intent);
          return new Done(moved, finish(site, intent, layer.file()));
        });
  }

  /// Before anything is moved: a reader of the layer itself would keep the file from going later.
  private static void requireUnused(Path file) throws IOException {
    LayerFiles.claim(file).close();
    LayerFiles.freeze(file);
  }

  /// Steps 2 to 4; nothing left to do where the child names the new base already.
  private long pull(PoolSite site, Intent intent) throws IOException {
    Args args = intent.args();
    Path child = site.file(PoolSite.fileName(args.id("child")));
    UUID parent = args.idOrNull("parent");
    if (isRebased(child, parent)) {
      return 0;
    }
    context.step(NAME, "thaw");
    LayerFiles.thaw(child);
    ChainOptions options =
        ChainOptions.readWrite(site.gate()).withMaxDepth(Sources.MAX_DEPTH).withRequireWhole(true);
    try (Chain chain = Chain.open(child, LayerFormat.QCOW2, options)) {
      Qcow2Layer top = (Qcow2Layer) chain.top();
      VarveIdentity own = LayerFiles.requireLayer(top, args.id("child"));
      LayerFiles.requireLineage(chain);
      Optional<BackingReference> next = chain.layers().get(1).backing();
      context.step(NAME, "pull");
      long moved = PullOp.pull(chain, 1, context.progress("merge")).copiedBytes();
      context.step(NAME, "rebase");
      top.setBackingAndIdentity(next.orElse(null), own.withParent(parent));
      return moved;
    }
  }

  private static boolean isRebased(Path child, @Nullable UUID parent) throws IOException {
    VarveIdentity own = LayerFiles.identity(child).orElseThrow();
    return Objects.equals(own.parentId(), parent);
  }

  /// From where nobody reads the layer any more.
  private long finish(PoolSite site, Intent intent, String file) throws IOException {
    UUID child = intent.args().idOrNull("child");
    if (child != null) {
      context.step(NAME, "refreeze");
      refreeze(site, child);
    }
    context.step(NAME, "unlink");
    long freed = LayerFiles.delete(site.file(file));
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, intent));
    return freed;
  }

  private void refreeze(PoolSite site, UUID child) throws IOException {
    Path file = site.file(PoolSite.fileName(child));
    boolean active =
        LayerFiles.identity(file)
            .map(own -> own.role() == VarveIdentity.Role.ACTIVE)
            .orElse(Boolean.FALSE);
    if (!active) {
      LayerFiles.freeze(file);
    }
  }

  private static void commit(CatalogTx tx, Intent intent) {
    Args args = intent.args();
    UUID child = args.idOrNull("child");
    if (child != null) {
      tx.update(Layers.require(tx, child).withParent(args.idOrNull("parent")));
    }
    UUID snapshot = args.idOrNull("snapshot");
    if (snapshot != null) {
      tx.deleteSnapshot(snapshot);
    }
    tx.deleteLayer(args.id("layer"));
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    Args args = intent.args();
    UUID child = args.idOrNull("child");
    String file = PoolSite.fileName(args.id("layer"));
    if (child == null) {
      if (crashed || !Files.exists(site.file(file))) {
        finish(site, intent, file);
      } else {
        LayerFiles.freeze(site.file(file));
        context.write(tx -> tx.deleteIntent(intent.id()));
      }
      return;
    }
    boolean rebased = isRebased(site.file(PoolSite.fileName(child)), args.idOrNull("parent"));
    if (!crashed && !rebased) {
      refreeze(site, child);
      context.write(tx -> tx.deleteIntent(intent.id()));
      return;
    }
    pull(site, intent);
    finish(site, intent, file);
  }

  /// True if merging into this layer is possible: its own compute snapshots read through it to what
  /// lies beneath, and a merge would change what they show.
  static boolean canTake(PoolSite site, LayerRow child) throws IOException {
    try (Layer layer = LayerFiles.openToLook(site.file(child))) {
      return layer instanceof Qcow2Layer qcow2 && qcow2.info().snapshots() == 0;
    }
  }
}
