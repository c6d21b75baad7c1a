// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogConflictException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.ImageInUseException;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Directories;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileCopy;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Takes chains of other makers into a pool. Order:
///
/// 1. intent, with where each file was, what it said of its base, and its mode
/// 2. every file is claimed: nobody has it open, nor can open it for writing until the end
/// 3. moving: each file says in its header which layer it is and what it stands on, by the names of
///    the pool; then each gets its name there. Copying: copies with such headers, under temporary
///    names, then their own
/// 4. frozen files lose their write permission
/// 5. catalog
///
/// Recovery goes forward where every file is there, and back where one is not, or a name was taken
/// in between. Copies are deleted on the way back; moved files get back their names, headers and
/// modes. In between a chain cannot be opened by either name: it fails, and never reads wrong.
final class AdoptDisks implements JournaledVerb {
  private static final String NAME = "disk-adopt";

  private final Context context;
  private final Journal journal;

  AdoptDisks(Context context, Journal journal) {
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

  /// Adopts, under the lock of the new family.
  void adopt(PoolSite site, AdoptPlan plan) throws IOException {
    context.write(tx -> requireFree(tx, site, plan));
    journal.run(
        this,
        site,
        plan.family(),
        plan.args(),
        intent -> {
          forward(site, plan, intent);
          return true;
        });
  }

  static void requireFree(CatalogTx tx, PoolSite site, AdoptPlan plan) {
    for (AdoptPlan.Disk disk : plan.disks()) {
      if (tx.disk(site.row().id(), disk.name()).isPresent()) {
        throw CloneLinked.diskExists(site, disk.name());
      }
    }
  }

  /// Where a file is now; null if it is nowhere.
  private static @Nullable Path whereIs(PoolSite site, AdoptedFile file) {
    Path target = file.target(site);
    return Files.exists(target) ? target : Files.exists(file.source()) ? file.source() : null;
  }

  private void forward(PoolSite site, AdoptPlan plan, Intent intent) throws IOException {
    List<FileStorage> held = new ArrayList<>();
    try {
      context.step(NAME, "claim");
      for (AdoptedFile file : plan.files()) {
        held.add(claim(site, file, plan.copy()));
      }
      if (plan.copy()) {
        copy(site, plan, held);
      } else {
        move(site, plan, held);
      }
    } finally {
      closeAll(held);
    }
    context.step(NAME, "freeze");
    for (AdoptedFile file : plan.files()) {
      Directories.setWritable(file.target(site), file.snapshot() == null);
    }
    context.step(NAME, "commit");
    List<List<InternalSnapshot>> inside = insideOf(site, plan);
    context.write(tx -> commit(tx, site, plan, inside, intent));
  }

  private static FileStorage claim(PoolSite site, AdoptedFile file, boolean copy)
      throws IOException {
    Path at = whereIs(site, file);
    if (at == null) {
      throw new NoSuchFileException(file.source().toString());
    }
    if (copy) {
      return FileStorage.open(file.source(), FileAccess.READ_ONLY, LockMode.SHARED_READER);
    }
    return LayerFiles.claim(at);
  }

  private static void closeAll(List<FileStorage> held) throws IOException {
    for (FileStorage each : held) {
      each.close();
    }
  }

  private void move(PoolSite site, AdoptPlan plan, List<FileStorage> held) throws IOException {
    Set<Path> folders = new HashSet<>();
    for (int i = 0; i < plan.files().size(); i++) {
      context.step(NAME, "mark");
      mark(held.get(i), plan, i);
    }
    for (AdoptedFile file : plan.files()) {
      context.step(NAME, "move");
      if (!Files.exists(file.target(site))) {
        Files.move(file.source(), file.target(site), StandardCopyOption.ATOMIC_MOVE);
      }
      folders.add(LayerFiles.folderOf(file.source()));
    }
    Directories.flush(site.folder());
    for (Path folder : folders) {
      if (Files.isDirectory(folder)) {
        Directories.flush(folder);
      }
    }
  }

  private void copy(PoolSite site, AdoptPlan plan, List<FileStorage> held) throws IOException {
    for (int i = 0; i < plan.files().size(); i++) {
      AdoptedFile file = plan.files().get(i);
      if (Files.exists(file.target(site))) {
        continue;
      }
      context.step(NAME, "copy");
      Path unfinished = LayerFiles.unfinished(file.target(site));
      Files.deleteIfExists(unfinished);
      FileStorage from = held.get(i);
      try (FileStorage to = FileStorage.create(unfinished, LockMode.WRITER)) {
        long size = from.size();
        if (!FileCopy.reflink(from, 0, to, 0, size)) {
          to.truncate(size);
          FileCopy.copy(from, 0, to, 0, size);
        }
        mark(to, plan, i);
        to.flush();
      }
      context.step(NAME, "publish");
      LayerFiles.finish(file.target(site));
    }
    Directories.flush(site.folder());
  }

  /// Writes base and identity into the header, in one step; nothing to do where they are there.
  private static void mark(FileStorage storage, AdoptPlan plan, int number) throws IOException {
    AdoptedFile file = plan.files().get(number);
    AdoptPlan.Disk disk = plan.disks().get(file.disk());
    long when = plan.when() + 2L * number;
    VarveIdentity own =
        VarveIdentity.active(file.layer(), file.parent(), disk.id(), disk.name(), when);
    String snapshot = file.snapshot();
    UUID snapshotId = file.snapshotId();
    if (snapshot != null && snapshotId != null) {
      own = own.asSnapshot(snapshot, snapshotId, when + 1);
    }
    UUID parent = file.parent();
    try (Qcow2Layer layer = MakeDisk.openIn(storage)) {
      if (isMarked(layer, file)) {
        return;
      }
      layer.setBackingAndIdentity(
          parent == null ? null : Overlays.reference(PoolSite.fileName(parent)), own);
    }
  }

  private static boolean isMarked(Qcow2Layer layer, AdoptedFile file) throws IOException {
    return layer.identity().map(own -> own.layerId().equals(file.layer())).orElse(false);
  }

  private static List<List<InternalSnapshot>> insideOf(PoolSite site, AdoptPlan plan)
      throws IOException {
    List<List<InternalSnapshot>> inside = new ArrayList<>();
    for (AdoptPlan.Disk disk : plan.disks()) {
      try (Qcow2Layer layer = LayerFiles.openToLook(site.file(PoolSite.fileName(disk.active())))) {
        inside.add(layer.snapshots().list());
      }
    }
    return inside;
  }

  private static void commit(
      CatalogTx tx,
      PoolSite site,
      AdoptPlan plan,
      List<List<InternalSnapshot>> inside,
      Intent intent) {
    UUID pool = site.row().id();
    Map<UUID, Long> sizes = new HashMap<>();
    plan.files().forEach(file -> sizes.put(file.layer(), file.size()));
    List<DiskRow> disks = new ArrayList<>();
    for (int i = 0; i < plan.disks().size(); i++) {
      AdoptPlan.Disk disk = plan.disks().get(i);
      String current = ComputeSnapshots.current(inside.get(i));
      long size = sizes.getOrDefault(disk.active(), 0L);
      DiskRow row =
          new DiskRow(
              disk.id(),
              pool,
              plan.family(),
              disk.name(),
              size,
              disk.active(),
              current,
              plan.when(),
              0);
      tx.insert(row);
      disks.add(row);
    }
    for (int i = 0; i < plan.files().size(); i++) {
      insert(tx, plan, i, pool);
    }
    for (int i = 0; i < disks.size(); i++) {
      ComputeSnapshots.align(tx, disks.get(i), inside.get(i));
    }
    tx.deleteIntent(intent.id());
  }

  private static void insert(CatalogTx tx, AdoptPlan plan, int number, UUID pool) {
    AdoptedFile file = plan.files().get(number);
    UUID disk = plan.disks().get(file.disk()).id();
    long when = plan.when() + 2L * number;
    String snapshot = file.snapshot();
    UUID snapshotId = file.snapshotId();
    boolean frozen = snapshot != null;
    tx.insert(
        new LayerRow(
            file.layer(),
            pool,
            plan.family(),
            disk,
            file.parent(),
            frozen ? NodeRole.SNAPSHOT : NodeRole.ACTIVE,
            PoolSite.fileName(file.layer()),
            when,
            frozen ? when + 1 : 0,
            0));
    if (snapshot != null && snapshotId != null) {
      tx.insert(
          new SnapshotRow(
              snapshotId,
              disk,
              snapshot,
              SnapshotKind.STORAGE,
              file.layer(),
              null,
              false,
              null,
              true,
              when + 1));
    }
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    AdoptPlan plan = AdoptPlan.of(intent.args());
    try {
      if (crashed && canGoOn(site, plan)) {
        try {
          forward(site, plan, intent);
          return;
        } catch (CatalogConflictException _) {
          // The name was taken in between: the files go back.
        }
      }
      back(site, plan);
    } catch (ImageInUseException e) {
      if (!crashed) {
        throw e;
      }
      // Whoever uses a file of it keeps others from nothing: the next use of the pool tries again.
      return;
    }
    context.write(tx -> tx.deleteIntent(intent.id()));
  }

  /// Copies are not made anew while another verb waits for this to be over.
  private static boolean canGoOn(PoolSite site, AdoptPlan plan) {
    return plan.files().stream()
        .allMatch(
            file -> plan.copy() ? Files.exists(file.target(site)) : whereIs(site, file) != null);
  }

  private void back(PoolSite site, AdoptPlan plan) throws IOException {
    for (AdoptedFile file : plan.files().reversed()) {
      context.step(NAME, "back");
      if (plan.copy()) {
        LayerFiles.undo(file.target(site));
      } else {
        putBack(site, file);
      }
    }
  }

  private static void putBack(PoolSite site, AdoptedFile file) throws IOException {
    Path at = whereIs(site, file);
    if (at == null) {
      return;
    }
    unmark(at, file);
    Path to = file.source();
    if (!at.equals(to)) {
      if (Files.exists(to)) {
        // Someone has put another file there since.
        to = to.resolveSibling(to.getFileName() + "." + file.layer());
      }
      Files.move(at, to, StandardCopyOption.ATOMIC_MOVE);
      Directories.flush(LayerFiles.folderOf(to));
      Directories.flush(site.folder());
    }
    Files.setPosixFilePermissions(to, PosixFilePermissions.fromString(file.mode()));
  }

  private static void unmark(Path at, AdoptedFile file) throws IOException {
    try (Qcow2Layer look = LayerFiles.openToLook(at)) {
      if (!isMarked(look, file)) {
        return;
      }
    }
    LayerFiles.thaw(at);
    try (Qcow2Layer layer = LayerFiles.openForWriting(at)) {
      layer.setBacking(file.backing());
      layer.removeIdentity();
    }
  }
}
