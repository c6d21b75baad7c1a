// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.AlreadyExistsException;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.ProblemCode;
import io.varve.engine.VarveException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.HoldRow;
import io.varve.engine.catalog.IntentRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.DiskIo;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.QuorumProfile;
import io.varve.engine.model.RescanReport;
import io.varve.engine.model.SnapshotKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Rebuilds what the catalog knows of a pool from the pool's files, alone in the pool. What the
/// catalog alone knows and the files cannot (counters, parents of compute snapshots) is kept for
/// disks that are still there.
final class Rescan {
  private final Parts parts;

  Rescan(Parts parts) {
    this.parts = parts;
  }

  /// The pool in this folder, whether the catalog knows it or not, and under whichever path.
  RescanReport folder(Path folder) throws IOException {
    Path real = folder.toRealPath();
    if (!PoolFile.isIn(real)) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          real + " holds no " + PoolFile.FILE_NAME + ": it is no pool on virtual storage",
          "Create the pool there; an external pool is created again, then rescanned by name.");
    }
    PoolFile file = PoolFile.read(real);
    Optional<PoolRow> known = parts.context().read(tx -> tx.pool(file.id()));
    if (known.isPresent() && !known.get().path().equals(real.toString())) {
      requireMoved(known.get(), real);
    }
    return run(new PoolSite(parts.context().read(tx -> adopt(tx, file, real.toString()))));
  }

  private static PoolRow adopt(CatalogTx tx, PoolFile file, String path) {
    Optional<PoolRow> known = tx.pool(file.id());
    if (known.isPresent()) {
      if (!known.get().path().equals(path)) {

        tx.update(known.get().withPath(path));
      }
      return tx.pool(file.id()).orElseThrow();
    }
    if (tx.pool(file.name()).isPresent()) {
      throw new AlreadyExistsException(
          ProblemCode.POOL_EXISTS,
          "the catalog has another pool '" + file.name() + "'",
          "Forget that one first, or use another catalog (--home).");
    }
    tx.insert(new PoolRow(file.id(), file.name(), path, PoolKind.VIRTUAL, QuorumProfile.QUORUM, 0));
    return tx.pool(file.id()).orElseThrow();
  }

  /// A pool that is at its old place still has been copied, not moved: which of the two VMs run on,
  /// only the user knows.
  private static void requireMoved(PoolRow known, Path path) throws IOException {
    Path before = Path.of(known.path());
    if (PoolFile.isIn(before) && PoolFile.read(before).id().equals(known.id())) {
      throw new AlreadyExistsException(
          ProblemCode.POOL_EXISTS,
          "%s is a copy of pool '%s', which is at %s still"
              .formatted(path, known.name(), known.path()),
          "Use the copy with a catalog of its own (--home), or forget pool '"
              + known.name()
              + "' first and rescan the copy.");
    }
  }

  RescanReport run(PoolSite site) throws IOException {
    site.requirePresent();
    try (PoolLocks.Held _ = parts.context().locks().wholePool(site)) {
      List<String> failed = recover(site);
      List<Path> finished = HalfMerges.finish(site);
      PoolScan scan = PoolScan.of(site);
      finished.forEach(file ->
          scan.found(
              file, "a merge into it was cut short before its last step", "It is done now."));
      failed.forEach(why ->
          scan.found(
              site.folder(),
              "a verb that was cut short could not be finished: " + why,
              "The catalog was rebuilt from what the files say."));
      FoundDisks disks = FoundDisks.of(scan, parts.context());
      return parts.context().read(tx -> rebuild(tx, site, scan, disks));
    }
  }

  /// Finishes what was cut short as far as possible; what cannot be is left to the files.
  private List<String> recover(PoolSite site) {
    List<IntentRow> rows = parts.context().read(tx -> tx.intents(site.row().id()));
    return rows.stream().map(row -> recover(site, row)).flatMap(Optional::stream).toList();
  }

  private Optional<String> recover(PoolSite site, IntentRow row) {
    try {
      parts.journal().recover(site, row);
      return Optional.empty();
    } catch (IOException | VarveException e) {
      return Optional.of(row.verb() + ": " + e.getMessage());
    }
  }

  private RescanReport rebuild(CatalogTx tx, PoolSite site, PoolScan scan, FoundDisks found) {
    UUID pool = site.row().id();
    Map<UUID, DiskIo> counters = new HashMap<>();
    Map<UUID, List<SnapshotRow>> knownCompute = new HashMap<>();
    Map<UUID, DiskRow> knownDisks = new HashMap<>();
    Map<UUID, HoldRow> knownHolds = Holds.ofPool(tx, pool);
    for (DiskRow disk : tx.disksOfPool(pool)) {
      counters.put(disk.id(), tx.diskIo(disk.id()));
      knownDisks.put(disk.id(), disk);
      knownCompute.put(
          disk.id(),
          tx.snapshots(disk.id()).stream().filter(s -> s.kind() == SnapshotKind.COMPUTE).toList());
      tx.deleteDisk(disk.id());
    }
    tx.layersOfPool(pool).forEach(layer -> tx.deleteLayer(layer.id()));
    tx.intents(pool).forEach(intent -> tx.deleteIntent(intent.id()));
    for (FoundDisks.Disk disk : found.disks()) {
      DiskRow row = disk.row(pool, knownDisks.get(disk.id()));
      tx.insert(row);
      disk.snapshots().forEach(tx::insert);
      ComputeSnapshots.rows(disk.compute(), knownCompute.getOrDefault(disk.id(), List.of()), row)
          .forEach(tx::insert);
      tx.addDiskIo(disk.id(), counters.getOrDefault(disk.id(), DiskIo.NONE));
    }
    for (LayerRow layer : found.layers(pool)) {
      tx.insert(layer);
    }
    Holds.restore(tx, scan, knownHolds, parts.context().now());
    return new RescanReport(
        site.row().name(),
        found.disks().size(),
        tx.countSnapshots(pool),
        found.layers(pool).size(),
        List.copyOf(scan.findings()));
  }
}
