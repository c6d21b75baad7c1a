// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.image.CorruptImageException;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.WrongFormatException;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/// Hands an image of an external pool back: 1. intent, 2. Varve's identity goes from its header, 3.
/// catalog. The image stays where it lies, with its compute snapshots.
///
/// Recovery goes on: both steps can be repeated.
final class UnregisterImage implements JournaledVerb {
  private static final String NAME = "disk-unregister";

  private final Context context;
  private final Journal journal;

  UnregisterImage(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Hands it back, under the family's lock.
  ///
  /// @throws io.varve.image.ImageInUseException if someone has it open; nothing has changed then
  void unregister(Resolver.Found found) throws IOException {
    PoolSite site = found.site();
    DiskRow disk = found.disk();
    if (site.virtual()) {
      throw new RefusedException(
          ProblemCode.NOT_ALLOWED_HERE,
          "pool '"
              + site.row().name()
              + "' is virtual storage, whose files Varve has made itself and names in its own way",
          "Export the disk to a file of its own, then delete it.");
    }
    Path file = site.file(Layers.active(context, disk));
    if (Files.exists(file)) {
      LayerFiles.claim(file).close();
    }
    Args args = new Args().with("disk", disk.id()).with("file", file);
    journal.run(
        this,
        site,
        disk.family(),
        args,
        intent -> {
          finish(intent);
          return true;
        });
  }

  private void finish(Intent intent) throws IOException {
    Path file = Path.of(intent.args().text("file"));
    context.step(NAME, "unmark");
    if (Files.exists(file)) {
      unmark(file, intent.args().id("disk"));
    }
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, intent));
  }

  /// A file that is another disk's by now, or too damaged to be opened, is left as it is.
  private static void unmark(Path file, UUID disk) throws IOException {
    try (Qcow2Layer layer = LayerFiles.openForWriting(file)) {
      if (layer.identity().map(own -> own.diskId().equals(disk)).orElse(false)) {
        layer.removeIdentity();
      }
    } catch (CorruptImageException | WrongFormatException | ReadOnlyImageException _) {
      // Handing back must be possible all the same; a rescan would only list it again.
    }
  }

  private static void commit(CatalogTx tx, Intent intent) {
    DiskRow disk = Layers.requireDisk(tx, intent.args().id("disk"));
    tx.layersOfFamily(disk.family()).forEach(layer -> tx.deleteLayer(layer.id()));
    tx.deleteDisk(disk.id());
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    finish(intent);
  }
}
