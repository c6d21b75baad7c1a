// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.NodeRole;
import io.varve.image.ImageInUseException;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Takes a layer's name away and keeps its data, because others read it: 1. intent, 2. the file
/// says that it is retired, 3. catalog. Recovery goes on.
final class RetireLayer implements JournaledVerb {
  private static final String NAME = "layer-retire";

  private final Context context;
  private final Journal journal;

  RetireLayer(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Under the family's lock. False if a program that has the file open kept it from saying so:
  /// then only the catalog knows, and a rescan would bring the name back.
  boolean retire(PoolSite site, LayerRow layer, @Nullable UUID snapshot) throws IOException {
    Args args = new Args().with("layer", layer.id()).with("snapshot", snapshot);
    return journal.run(this, site, layer.family(), args, intent -> finish(site, intent));
  }

  private boolean finish(PoolSite site, Intent intent) throws IOException {
    context.step(NAME, "mark");
    UUID layer = intent.args().id("layer");
    boolean marked = mark(site.file(PoolSite.fileName(layer)), layer, context.now());
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, intent));
    return marked;
  }

  /// Writes the role into the file; false if someone has it open.
  static boolean mark(Path file, UUID layer, long now) throws IOException {
    try (Qcow2Layer open = LayerFiles.openFrozen(file, layer)) {
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

  private static void commit(CatalogTx tx, Intent intent) {
    LayerRow layer = Layers.require(tx, intent.args().id("layer"));
    tx.update(layer.withRole(NodeRole.RETIRED, layer.frozenMillis()));
    UUID snapshot = intent.args().idOrNull("snapshot");
    if (snapshot != null) {
      tx.deleteSnapshot(snapshot);
    }
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    finish(site, intent);
  }
}
