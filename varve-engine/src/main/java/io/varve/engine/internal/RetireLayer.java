// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.NodeRole;
import io.varve.image.ImageInUseException;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Takes the names of layers away and keeps their data, because others read them: 1. intent, 2.
/// each file says that it is retired, 3. catalog: all names go at once, and jobs are queued for
/// what can be merged. Recovery goes on.
final class RetireLayer implements JournaledVerb {
  private static final String NAME = "layer-retire";

  private final Context context;
  private final Journal journal;
  private final MergeQueue queue;

  RetireLayer(Context context, Journal journal, MergeQueue queue) {
    this.context = context;
    this.journal = journal;
    this.queue = queue;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Under the family's lock. False if a program that has a file open kept it from saying so: then
  /// only the catalog knows, and a rescan would bring the name back.
  ///
  /// @param names storage snapshots of one family
  /// @param shown how a user calls them, in the same order
  boolean retire(PoolSite site, UUID family, List<SnapshotRow> names, List<String> shown)
      throws IOException {
    Args args =
        new Args()
            .withList("layers", names.stream().map(SnapshotRow::layer).toList())
            .withList("snapshots", names.stream().map(SnapshotRow::id).toList())
            .withList("shown", shown);
    return journal.run(this, site, family, args, intent -> finish(site, intent));
  }

  private boolean finish(PoolSite site, Intent intent) throws IOException {
    boolean marked = true;
    for (String id : intent.args().list("layers")) {
      context.step(NAME, "mark");
      UUID layer = UUID.fromString(id);
      marked &= mark(context, site, intent.family(), layer);
    }
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, site, intent));
    return marked;
  }

  /// Writes the role into the file; false if someone has it open.
  static boolean mark(Context context, PoolSite site, UUID family, UUID layer) throws IOException {
    SideMaps.Change change = new SideMaps(context).before(site, family, List.of(layer));
    boolean marked = mark(site.file(PoolSite.fileName(layer)), layer, context.now());
    change.touched(layer);
    return marked;
  }

  private static boolean mark(Path file, UUID layer, long now) throws IOException {
    try (Qcow2Layer open = LayerFiles.openFilling(file)) {
      VarveIdentity own = LayerFiles.requireLayer(open, layer);
      if (own.role() != VarveIdentity.Role.RETIRED) {
        long frozen = own.frozenEpochMillis() == 0 ? now : own.frozenEpochMillis();
        open.setIdentity(own.asRetired(frozen));
      }
      return true;
    } catch (ImageInUseException _) {
      return false;
    } finally {
      LayerFiles.freeze(file);
    }
  }

  private void commit(CatalogTx tx, PoolSite site, Intent intent) {
    Args args = intent.args();
    Map<UUID, String> explicit = new HashMap<>();
    List<String> layers = args.list("layers");
    for (int i = 0; i < layers.size(); i++) {
      LayerRow layer = Layers.require(tx, UUID.fromString(layers.get(i)));
      tx.update(layer.withRole(NodeRole.RETIRED, layer.frozenMillis()));
      tx.deleteSnapshot(UUID.fromString(args.list("snapshots").get(i)));
      explicit.put(layer.id(), args.list("shown").get(i));
    }
    queue.ensure(tx, site.row().id(), intent.family(), explicit, false);
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    finish(site, intent);
  }
}
