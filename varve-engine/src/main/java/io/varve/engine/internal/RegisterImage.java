// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.AlreadyExistsException;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogConflictException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.NodeRole;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Takes an image on external storage as a disk, in place: 1. intent, 2. Varve's identity in its
/// header, 3. catalog. Recovery goes on where the identity is there.
final class RegisterImage implements JournaledVerb {
  private static final String NAME = "disk-register";

  private final Context context;
  private final Journal journal;

  RegisterImage(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean makesFamily() {
    return true;
  }

  /// Registers it, under the lock of the new family, whose id is `disk`.
  void register(PoolSite site, String name, Path image, UUID disk) throws IOException {
    Path real = image.toRealPath();
    requireInside(site, real);
    requireNew(site, name, real);
    Intake.requireFit(context, real);
    Args args =
        new Args()
            .with("disk", disk)
            .with("layer", context.newId())
            .with("name", name)
            .with("file", real)
            .with("when", context.now());
    journal.run(
        this,
        site,
        disk,
        args,
        intent -> {
          mark(real, intent);
          finish(site, intent);
          return true;
        });
  }

  private static void requireInside(PoolSite site, Path real) throws IOException {
    if (!real.startsWith(site.root().toRealPath())) {
      throw new RefusedException(
          ProblemCode.IMPORT_REFUSED,
          real + " lies outside of the pool's place " + site.root(),
          "Register it in a pool made for its folder, or import a copy of it.");
    }
  }

  private void requireNew(PoolSite site, String name, Path real) {
    context.write(tx -> {
      if (tx.disk(site.row().id(), name).isPresent()) {
        throw CloneLinked.diskExists(site, name);
      }
      for (LayerRow layer : tx.layersOfPool(site.row().id())) {
        if (layer.file().equals(real.toString())) {
          throw new AlreadyExistsException(
              ProblemCode.DISK_EXISTS, real + " is a disk of this pool already", "");
        }
      }
    });
  }

  private void mark(Path file, Intent intent) throws IOException {
    Args args = intent.args();
    context.step(NAME, "mark");
    FileStorage storage = FileStorage.open(file, FileAccess.READ_WRITE, LockMode.WRITER);
    try (Qcow2Layer layer = Qcow2Layer.open(storage, Qcow2Options.readWrite())) {
      layer.setIdentity(
          VarveIdentity.active(
              args.id("layer"), null, args.id("disk"), args.text("name"), args.number("when")));
    }
  }

  private void finish(PoolSite site, Intent intent) throws IOException {
    List<InternalSnapshot> inside;
    long size;
    try (Qcow2Layer layer = LayerFiles.openToLook(Path.of(intent.args().text("file")))) {
      size = layer.size();
      inside = layer.snapshots().list();
    }
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, site, intent, size, inside));
  }

  private static void commit(
      CatalogTx tx, PoolSite site, Intent intent, long size, List<InternalSnapshot> inside) {
    Args args = intent.args();
    UUID disk = args.id("disk");
    UUID layer = args.id("layer");
    UUID pool = site.row().id();
    long when = args.number("when");
    String parent = ComputeSnapshots.current(inside);
    DiskRow row = new DiskRow(disk, pool, disk, args.text("name"), size, layer, parent, when, 0);
    tx.insert(row);
    tx.insert(
        new LayerRow(
            layer, pool, disk, disk, null, NodeRole.ACTIVE, args.text("file"), when, 0, 0));
    ComputeSnapshots.align(tx, row, inside);
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    Path file = Path.of(intent.args().text("file"));
    Optional<VarveIdentity> own = Optional.empty();
    try {
      own = LayerFiles.identity(file);
    } catch (IOException _) {
      // Whatever it is now, it was not marked.
    }
    if (own.isPresent() && own.get().layerId().equals(intent.args().id("layer"))) {
      try {
        finish(site, intent);
        return;
      } catch (CatalogConflictException _) {
        // The name was taken in between: the mark alone makes no disk.
      }
    }
    context.write(tx -> tx.deleteIntent(intent.id()));
  }
}
