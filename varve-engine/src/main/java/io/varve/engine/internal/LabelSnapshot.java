// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.HoldRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Changes what a storage snapshot is called, or whether it is held: 1. intent, 2. its file says
/// so, in one sector, 3. catalog. Recovery asks the file whether it happened. Readers of the file,
/// a VM among them, see nothing of it.
final class LabelSnapshot implements JournaledVerb {
  private static final String NAME = "snapshot-label";

  private final Context context;
  private final Journal journal;

  LabelSnapshot(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Gives it another name, which is free; under the family's lock.
  void rename(PoolSite site, UUID family, SnapshotRow row, String name, boolean held)
      throws IOException {
    run(site, family, args(row, name, held));
  }

  /// Holds it, or releases it with a null holder; under the family's lock.
  void hold(PoolSite site, UUID family, SnapshotRow row, @Nullable String holder, String reason)
      throws IOException {
    Args args =
        args(row, row.name(), holder != null)
            .with("holder", holder)
            .with("reason", reason)
            .with("when", context.now());
    run(site, family, args);
  }

  private static Args args(SnapshotRow row, String name, boolean held) {
    return new Args()
        .with("layer", row.layer())
        .with("snapshot", row.id())
        .with("name", name)
        .with("held", held);
  }

  private void run(PoolSite site, UUID family, Args args) throws IOException {
    journal.run(
        this,
        site,
        family,
        args,
        intent -> {
          context.step(NAME, "mark");
          UUID layer = args.id("layer");
          SideMaps.Change change = new SideMaps(context).before(site, family, List.of(layer));
          mark(file(site, intent), args);
          change.touched(layer);
          context.step(NAME, "commit");
          context.write(tx -> commit(tx, intent));
          return true;
        });
  }

  private static Path file(PoolSite site, Intent intent) {
    return site.file(PoolSite.fileName(intent.args().id("layer")));
  }

  private static void mark(Path file, Args args) throws IOException {
    try (Qcow2Layer open = LayerFiles.openFilling(file)) {
      VarveIdentity own = LayerFiles.requireLayer(open, args.id("layer"));
      open.setIdentity(
          own.asSnapshot(args.text("name"), args.id("snapshot"), own.frozenEpochMillis())
              .withHeld(args.flag("held")));
    } finally {
      LayerFiles.freeze(file);
    }
  }

  private static void commit(CatalogTx tx, Intent intent) {
    Args args = intent.args();
    SnapshotRow row = tx.snapshotOfLayer(args.id("layer")).orElse(null);
    if (row != null) {
      HoldRow hold = tx.hold(row.id()).orElse(null);
      tx.deleteSnapshot(row.id());
      String name = args.text("name");
      boolean automatic = row.automatic() && name.startsWith(ClonesImpl.AUTOMATIC_PREFIX);
      tx.insert(row.withName(name, automatic));
      String holder = args.textOrNull("holder");
      if (holder != null) {
        tx.insert(new HoldRow(row.id(), holder, args.text("reason"), args.number("when")));
      } else if (hold != null && args.flag("held")) {
        tx.insert(hold);
      }
    }
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    Args args = intent.args();
    Path file = file(site, intent);
    if (LayerFiles.isLayer(file, args.id("layer"))) {
      LayerFiles.freeze(file);
      VarveIdentity own = LayerFiles.identity(file).orElseThrow();
      if (Objects.equals(own.snapshotName(), args.text("name"))
          && own.held() == args.flag("held")) {
        context.write(tx -> commit(tx, intent));
        return;
      }
    }
    context.write(tx -> tx.deleteIntent(intent.id()));
  }
}
