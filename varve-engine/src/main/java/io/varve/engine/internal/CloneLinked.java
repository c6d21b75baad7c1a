// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.AlreadyExistsException;
import io.varve.engine.ProblemCode;
import io.varve.engine.catalog.CatalogConflictException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.FolderFlush;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/// Makes fast clones: 1. intent, 2. an overlay for each, complete, 3. one flush for all of them,
/// and one of the folder once they have their names, 4. one transaction. The base is looked at
/// once, whatever the number of clones. Recovery goes on where all overlays are there, else all go.
final class CloneLinked implements JournaledVerb {
  private static final String NAME = "clone-fast";

  /// From so many files on, one flush of the file system is less work than one of each file.
  private static final int MANY = 32;

  private final Context context;
  private final Journal journal;

  CloneLinked(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Makes one disk per name, under the family's lock. Returns their ids.
  List<UUID> make(PoolSite site, LayerRow base, List<String> names) throws IOException {
    requireFree(site, names);
    Layers.requireStanding(context, site, base);
    Qcow2Info info;
    try (Qcow2Layer layer = LayerFiles.openToLook(site.file(base))) {
      LayerFiles.requireLayer(layer, base.id());
      info = layer.info();
    }
    List<UUID> disks = names.stream().map(_ -> context.newId()).toList();
    List<UUID> layers = names.stream().map(_ -> context.newId()).toList();
    Args args =
        new Args()
            .with("base", base.id())
            .with("size", info.virtualSize())
            .withList("names", names)
            .withList("disks", disks)
            .withList("layers", layers)
            .with("when", Math.max(context.now(), base.frozenMillis() + 1));
    journal.run(
        this,
        site,
        base.family(),
        args,
        intent -> {
          overlays(site, base, info, Batch.of(intent));
          context.step(NAME, "commit");
          context.write(tx -> commit(tx, site, intent));
          return true;
        });
    return disks;
  }

  /// The clones that an intent names, one per index.
  private record Batch(
      UUID base, long size, long when, List<String> names, List<UUID> disks, List<UUID> layers) {
    static Batch of(Intent intent) {
      Args args = intent.args();
      return new Batch(
          args.id("base"),
          args.number("size"),
          args.number("when"),
          args.list("names"),
          args.list("disks").stream().map(UUID::fromString).toList(),
          args.list("layers").stream().map(UUID::fromString).toList());
    }
  }

  /// @throws AlreadyExistsException if one of the names is taken, or two are the same
  void requireFree(PoolSite site, List<String> names) {
    Set<String> taken = new HashSet<>();
    context.write(tx -> {
      if (names.size() < MANY) {
        names.stream()
            .filter(name -> tx.disk(site.row().id(), name).isPresent())
            .forEach(taken::add);
      } else {
        tx.disksOfPool(site.row().id()).forEach(disk -> taken.add(disk.name()));
      }
    });
    for (String name : names) {
      if (taken.contains(name)) {
        throw diskExists(site, name);
      }
    }
    if (names.stream().distinct().count() < names.size()) {
      throw new AlreadyExistsException(
          ProblemCode.DISK_EXISTS, "the names of the new disks are not all different", "");
    }
  }

  static AlreadyExistsException diskExists(PoolSite site, String name) {
    return new AlreadyExistsException(
        ProblemCode.DISK_EXISTS,
        "a disk '" + site.row().name() + "/" + name + "' exists already",
        "Choose another name, or delete it first.");
  }

  private void overlays(PoolSite site, LayerRow base, Qcow2Info info, Batch batch)
      throws IOException {
    List<Path> files = batch.layers.stream().map(id -> site.file(PoolSite.fileName(id))).toList();
    NewLayer overlay = NewLayer.of(Overlays.on(info, base.file(), identity(batch, base, 0)));
    try (FolderFlush folder = FolderFlush.open(site.folder())) {
      for (int i = 0; i < files.size(); i++) {
        context.step(NAME, "overlay");
        overlay.write(LayerFiles.unfinished(files.get(i)), identity(batch, base, i));
        context.config().progress().progress("clone", i + 1L, files.size());
      }
      flush(folder, files);
      context.step(NAME, "publish");
      for (Path file : files) {
        LayerFiles.finish(file);
      }
      folder.names();
    }
  }

  private static VarveIdentity identity(Batch batch, LayerRow base, int i) {
    return VarveIdentity.active(
        batch.layers.get(i), base.id(), batch.disks.get(i), batch.names.get(i), batch.when);
  }

  /// Each by itself, or all at once where that is less work.
  private static void flush(FolderFlush folder, List<Path> files) throws IOException {
    if (files.size() >= MANY) {
      folder.files();
      return;
    }
    for (Path file : files) {
      LayerFiles.flush(LayerFiles.unfinished(file));
    }
  }

  private static void commit(CatalogTx tx, PoolSite site, Intent intent) {
    Batch batch = Batch.of(intent);
    UUID family = Layers.require(tx, batch.base).family();
    List<DiskRow> disks = new ArrayList<>();
    List<LayerRow> layers = new ArrayList<>();
    for (int i = 0; i < batch.names.size(); i++) {
      DiskRow disk =
          new DiskRow(
              batch.disks.get(i),
              site.row().id(),
              family,
              batch.names.get(i),
              batch.size,
              batch.layers.get(i),
              null,
              batch.when,
              0);
      disks.add(disk);
      layers.add(Layers.newActive(disk, disk.activeLayer(), batch.base, batch.when));
    }
    tx.insertDisks(disks);
    tx.insertLayers(layers);
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    Batch batch = Batch.of(intent);
    if (crashed && allThere(site, batch)) {
      try {
        context.write(tx -> commit(tx, site, intent));
        return;
      } catch (CatalogConflictException _) {
        // One of the names was taken in between: none of these clones is wanted any more.
      }
    }
    try (FolderFlush folder = FolderFlush.open(site.folder())) {
      for (UUID layer : batch.layers) {
        Path file = site.file(PoolSite.fileName(layer));
        Files.deleteIfExists(LayerFiles.unfinished(file));
        Files.deleteIfExists(file);
      }
      folder.names();
    }
    context.write(tx -> tx.deleteIntent(intent.id()));
  }

  private static boolean allThere(PoolSite site, Batch batch) throws IOException {
    for (UUID layer : batch.layers) {
      if (!LayerFiles.isLayer(site.file(PoolSite.fileName(layer)), layer)) {
        return false;
      }
    }
    return true;
  }
}
