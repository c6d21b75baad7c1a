// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.LayerRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Deletes a layer that nobody reads: 1. intent, 2. the file goes, 3. catalog. Recovery goes on,
/// unless the verb failed with the file still there.
final class RemoveLayer implements JournaledVerb {
  private static final String NAME = "layer-delete";

  private final Context context;
  private final Journal journal;

  RemoveLayer(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Deletes it, under the family's lock. Returns the bytes that the store gets back.
  ///
  /// @param snapshot the name that goes with it, or null
  /// @throws io.varve.image.ImageInUseException if someone has it open; nothing has changed then
  long remove(PoolSite site, LayerRow layer, @Nullable UUID snapshot) throws IOException {
    Args args = new Args().with("layer", layer.id()).with("snapshot", snapshot);
    return journal.run(this, site, layer.family(), args, intent -> finish(site, intent));
  }

  private long finish(PoolSite site, Intent intent) throws IOException {
    context.step(NAME, "unlink");
    long freed = LayerFiles.delete(site.file(PoolSite.fileName(intent.args().id("layer"))));
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, intent));
    new SideMaps(context).lost(site, intent.family(), List.of(intent.args().id("layer")));
    return freed;
  }

  private static void commit(CatalogTx tx, Intent intent) {
    UUID snapshot = intent.args().idOrNull("snapshot");
    if (snapshot != null) {
      tx.deleteSnapshot(snapshot);
    }
    tx.deleteLayer(intent.args().id("layer"));
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    Path file = site.file(PoolSite.fileName(intent.args().id("layer")));
    if (crashed || !Files.exists(file)) {
      finish(site, intent);
    } else {
      LayerFiles.freeze(file);
      context.write(tx -> tx.deleteIntent(intent.id()));
    }
  }
}
