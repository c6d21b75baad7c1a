// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.NodeRole;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The last steps of a merge, once the layer that stays holds everything, durably:
///
/// 1. intent
/// 2. its header names what lies beneath the run as its base and says that it is the uppermost
///    layer, in one step: from here on nobody needs the others
/// 3. if it was not the uppermost: it gets that one's mode, and its file that one's name
/// 4. the other files go
/// 5. catalog
///
/// Whoever had the files open reads on in them, by what they held before and after alike.
///
/// Recovery asks the layer that stays: if it says that it is the uppermost, on the new base, 3 to 5
/// follow; if not, nothing has happened, and the job commits again.
final class MergeCommit implements JournaledVerb {
  private static final String NAME = "layer-merge";

  private final Context context;
  private final Journal journal;

  MergeCommit(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Under the family's lock. False, having changed nothing, if the tree is another meanwhile.
  boolean commit(PoolSite site, OpenRun run) throws IOException {
    LayerRow top = context.read(tx -> tx.layer(run.top().id())).orElse(null);
    if (top == null || !context.read(tx -> unchanged(tx, run.rows()))) {
      return false;
    }
    List<LayerRow> gone = run.rows().subList(1, run.rows().size());
    Args args =
        new Args()
            .with("top", top.id())
            .withList("gone", gone.stream().map(LayerRow::id).toList())
            .with("kept", run.rows().get(run.keeper()).id())
            .with("parent", gone.getLast().parent());
    return journal.run(
        this,
        site,
        top.family(),
        args,
        intent -> {
          context.step(NAME, "switch");
          switchOver(run, top, gone.getLast().parent());
          finish(site, intent);
          return true;
        });
  }

  private static boolean unchanged(CatalogTx tx, List<LayerRow> rows) {
    for (int i = 1; i < rows.size(); i++) {
      LayerRow row = tx.layer(rows.get(i).id()).orElse(null);
      List<LayerRow> children = tx.children(rows.get(i).id());
      boolean same =
          row != null
              && row.role() == NodeRole.RETIRED
              && Objects.equals(row.parent(), rows.get(i).parent())
              && children.size() == 1
              && children.getFirst().id().equals(rows.get(i - 1).id());
      if (!same) {
        return false;
      }
    }
    return true;
  }

  private static void switchOver(OpenRun run, LayerRow top, @Nullable UUID parent)
      throws IOException {
    VarveIdentity own = LayerFiles.requireLayer(run.topLayer(), top.id());
    if (top.role() == NodeRole.RETIRED && own.role() != VarveIdentity.Role.RETIRED) {
      own = own.asRetired(own.frozenEpochMillis());
    }
    run.keptLayer()
        .setBackingAndIdentity(run.bottomLayer().backing().orElse(null), own.withParent(parent));
  }

  private void finish(PoolSite site, Intent intent) throws IOException {
    Args args = intent.args();
    UUID kept = args.id("kept");
    Path top = site.file(PoolSite.fileName(args.id("top")));
    Path keptFile = site.file(PoolSite.fileName(kept));
    if (!kept.equals(args.id("top")) && Files.exists(keptFile)) {
      context.step(NAME, "rename");
      Files.setPosixFilePermissions(keptFile, Files.getPosixFilePermissions(top));
      Directories.replace(keptFile, top);
    }
    for (String gone : args.list("gone")) {
      context.step(NAME, "unlink");
      Directories.delete(site.file(PoolSite.fileName(UUID.fromString(gone))));
    }
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, intent));
  }

  private static void commit(CatalogTx tx, Intent intent) {
    Args args = intent.args();
    tx.update(Layers.require(tx, args.id("top")).withParent(args.idOrNull("parent")));
    args.list("gone").forEach(id -> tx.deleteLayer(UUID.fromString(id)));
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    if (switched(site, intent.args())) {
      finish(site, intent);
      // Who merged knew whether the side file was right of these layers; nobody does any more.
      List<UUID> layers = new ArrayList<>();
      layers.add(intent.args().id("top"));
      intent.args().list("gone").forEach(id -> layers.add(UUID.fromString(id)));
      new SideMaps(context).lost(site, intent.family(), layers);
    } else {
      context.write(tx -> tx.deleteIntent(intent.id()));
    }
  }

  private static boolean switched(PoolSite site, Args args) throws IOException {
    UUID top = args.id("top");
    Path kept = site.file(PoolSite.fileName(args.id("kept")));
    Path file = Files.exists(kept) ? kept : site.file(PoolSite.fileName(top));
    return LayerFiles.identity(file)
        .filter(own -> own.layerId().equals(top))
        .filter(own -> Objects.equals(own.parentId(), args.idOrNull("parent")))
        .isPresent();
  }
}
