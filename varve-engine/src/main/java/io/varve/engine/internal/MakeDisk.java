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
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Directories;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/// Makes a disk of one file: an empty one, an import, a full clone. Order:
///
/// 1. intent
/// 2. the whole file, filled and flushed, under a temporary name (a block device in place)
/// 3. its own name: from here on the disk exists
/// 4. catalog
///
/// Recovery asks whether the file has its own name: if so 4 follows, else it goes.
final class MakeDisk implements JournaledVerb {
  private static final String NAME = "disk-make";

  private final Context context;
  private final Journal journal;

  MakeDisk(Context context, Journal journal) {
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

  /// A disk to make.
  ///
  /// @param file as the catalog will spell it
  /// @param inPlace the file is a block device, which has no temporary name
  record Plan(PoolSite site, String name, UUID disk, UUID layer, String file, boolean inPlace) {
    Path path() {
      return site.file(file);
    }
  }

  /// Puts content into the new disk.
  @FunctionalInterface
  interface Filler<T> {
    /// @param file empty storage to make an image in; it is closed afterwards
    /// @param identity that the image must carry
    T fill(FileStorage file, VarveIdentity identity) throws IOException;
  }

  /// Plans a disk in a pool where its name is free.
  ///
  /// @param formatDevice on a pool that is a block device: overwrite what it holds
  Plan plan(PoolSite site, String name, boolean formatDevice) {
    UUID layer = context.newId();
    boolean device = !site.virtual() && !Files.isDirectory(site.root());
    if (device && !formatDevice) {
      throw new RefusedException(
          ProblemCode.FILE_EXISTS,
          "this would overwrite what the block device " + site.root() + " holds",
          "Create the disk there and say that the device may be formatted, or register the image"
              + " that it holds.");
    }
    String file =
        site.virtual()
            ? PoolSite.fileName(layer)
            : device ? site.root().toString() : site.root().resolve(name + ".qcow2").toString();
    Plan plan = new Plan(site, name, context.newId(), layer, file, device);
    requireFree(plan);
    return plan;
  }

  private void requireFree(Plan plan) {
    UUID pool = plan.site.row().id();
    context.write(tx -> {
      if (tx.disk(pool, plan.name).isPresent()) {
        throw CloneLinked.diskExists(plan.site, plan.name);
      }
      if (plan.inPlace && !tx.disksOfPool(pool).isEmpty()) {
        throw new AlreadyExistsException(
            ProblemCode.DISK_EXISTS,
            "the pool is one block device, and it holds a disk already",
            "Delete that disk first.");
      }
    });
    if (!plan.inPlace && Files.exists(plan.path())) {
      throw new AlreadyExistsException(
          ProblemCode.FILE_EXISTS,
          "there is a file " + plan.path() + " already",
          "Register it as a disk, or move it away.");
    }
  }

  /// Makes it, under the lock of its family, whose id is the disk's. Returns what the filler said.
  <T> T make(Plan plan, Filler<T> filler) throws IOException {
    Args args =
        new Args()
            .with("disk", plan.disk)
            .with("layer", plan.layer)
            .with("name", plan.name)
            .with("file", plan.file)
            .with("inPlace", plan.inPlace)
            .with("when", context.now());
    return journal.run(this, plan.site, plan.disk, args, intent -> steps(plan, filler, intent));
  }

  /// The filler of an empty disk.
  static Filler<Boolean> empty(Qcow2CreateOptions options) {
    return (file, identity) -> {
      Qcow2Create.create(file, options.withIdentity(identity));
      return true;
    };
  }

  private <T> T steps(Plan plan, Filler<T> filler, Intent intent) throws IOException {
    VarveIdentity identity =
        VarveIdentity.active(plan.layer, null, plan.disk, plan.name, intent.args().number("when"));
    context.step(NAME, "fill");
    T result;
    try (FileStorage file = open(plan)) {
      result = filler.fill(file, identity);
    }
    if (!plan.inPlace) {
      context.step(NAME, "publish");
      LayerFiles.finish(plan.path());
      Directories.flush(LayerFiles.folderOf(plan.path()));
    }
    finish(plan.site, intent);
    return result;
  }

  private static FileStorage open(Plan plan) throws IOException {
    if (plan.inPlace) {
      return FileStorage.open(plan.path(), FileAccess.READ_WRITE, LockMode.WRITER);
    }
    Path unfinished = LayerFiles.unfinished(plan.path());
    Files.deleteIfExists(unfinished);
    return FileStorage.create(unfinished, LockMode.WRITER);
  }

  private void finish(PoolSite site, Intent intent) throws IOException {
    long size;
    try (Qcow2Layer layer = LayerFiles.openToLook(site.file(intent.args().text("file")))) {
      size = layer.size();
    }
    context.step(NAME, "commit");
    context.write(tx -> commit(tx, site, intent, size));
  }

  private static void commit(CatalogTx tx, PoolSite site, Intent intent, long size) {
    Args args = intent.args();
    UUID disk = args.id("disk");
    UUID pool = site.row().id();
    long when = args.number("when");
    tx.insert(
        new DiskRow(disk, pool, disk, args.text("name"), size, args.id("layer"), null, when, 0));
    tx.insert(
        new LayerRow(
            args.id("layer"),
            pool,
            disk,
            disk,
            null,
            NodeRole.ACTIVE,
            args.text("file"),
            when,
            0,
            0));
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    Args args = intent.args();
    Path file = site.file(args.text("file"));
    boolean inPlace = args.flag("inPlace");
    if (crashed && isMade(file, args.id("layer"))) {
      try {
        finish(site, intent);
        return;
      } catch (CatalogConflictException _) {
        // The name was taken in between: this disk is not wanted any more.
      }
    }
    if (!inPlace && (!Files.exists(file) || isMade(file, args.id("layer")))) {
      LayerFiles.undo(file);
    } else if (!inPlace) {
      Files.deleteIfExists(LayerFiles.unfinished(file));
    }
    context.write(tx -> tx.deleteIntent(intent.id()));
  }

  /// A device may hold anything, so what is no image is not made.
  private static boolean isMade(Path file, UUID layer) {
    if (!Files.exists(file)) {
      return false;
    }
    try {
      Optional<VarveIdentity> own = LayerFiles.identity(file);
      return own.isPresent() && own.get().layerId().equals(layer);
    } catch (IOException _) {
      return false;
    }
  }

  /// Opens the storage that a filler got as an image, without closing it with the image.
  static Qcow2Layer openIn(FileStorage file) throws IOException {
    return Qcow2Layer.open(ForwardingStorage.handleOn(file), Qcow2Options.readWrite());
  }
}
