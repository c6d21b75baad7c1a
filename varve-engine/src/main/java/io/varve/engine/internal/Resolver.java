// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.NotFoundException;
import io.varve.engine.ProblemCode;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.catalog.SnapshotRow;
import java.util.List;
import java.util.UUID;

/// Finds what addresses name.
final class Resolver {
  private final Context context;

  Resolver(Context context) {
    this.context = context;
  }

  /// A disk and its pool.
  record Found(PoolSite site, DiskRow disk) {
    String address() {
      return site.row().name() + "/" + disk.name();
    }
  }

  PoolSite pool(String name) {
    return context.read(tx -> tx.pool(name)).map(PoolSite::new).orElseThrow(() -> noPool(name));
  }

  static NotFoundException noPool(String name) {
    return new NotFoundException(
        ProblemCode.POOL_NOT_FOUND,
        "there is no pool '" + name + "'",
        "List the pools, or make it; a pool that exists as a folder comes back by a rescan of it.");
  }

  Found disk(DiskAddress address) {
    return context.read(tx -> disk(tx, address));
  }

  static Found disk(CatalogTx tx, DiskAddress address) {
    String poolName = address.pool();
    if (poolName != null) {
      PoolRow pool = tx.pool(poolName).orElseThrow(() -> noPool(poolName));
      return tx.disk(pool.id(), address.disk())
          .map(disk -> new Found(new PoolSite(pool), disk))
          .orElseThrow(() -> noDisk(address));
    }
    List<DiskRow> named = tx.disksNamed(address.disk());
    if (named.isEmpty()) {
      throw noDisk(address);
    }
    if (named.size() > 1) {
      throw new InvalidRequestException(
          ProblemCode.AMBIGUOUS_DISK,
          "a disk '" + address.disk() + "' is in " + named.size() + " pools",
          "Say which one: pool/" + address.disk() + ".");
    }
    return new Found(new PoolSite(poolOf(tx, named.getFirst())), named.getFirst());
  }

  private static PoolRow poolOf(CatalogTx tx, DiskRow disk) {
    return tx.pool(disk.pool()).orElseThrow(() -> noPool(disk.pool().toString()));
  }

  /// The disk as it is now, after the lock was taken and the journal was dealt with.
  Found again(UUID disk, DiskAddress address) {
    return context.read(tx -> {
      DiskRow row = tx.disk(disk).orElseThrow(() -> noDisk(address));
      return new Found(new PoolSite(poolOf(tx, row)), row);
    });
  }

  private static NotFoundException noDisk(DiskAddress address) {
    return new NotFoundException(
        ProblemCode.DISK_NOT_FOUND,
        "there is no disk '" + address.diskOnly() + "'",
        "List the disks; a disk whose files are in a pool's folder comes back by a rescan of it.");
  }

  static NotFoundException noSnapshot(DiskAddress address) {
    return new NotFoundException(
        ProblemCode.SNAPSHOT_NOT_FOUND,
        "there is no snapshot '" + address + "'",
        "List the snapshots of the disk.");
  }

  /// The snapshot that the address names, as far as the catalog knows it.
  SnapshotRow storageSnapshot(DiskRow disk, DiskAddress address) {
    String name = snapshotName(address);
    return context.read(tx -> tx.snapshot(disk.id(), name)).orElseThrow(() -> noSnapshot(address));
  }

  static String snapshotName(DiskAddress address) {
    String name = address.snapshot();
    if (name == null) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_ADDRESS,
          "'" + address + "' names a disk, expected a snapshot",
          "Write disk@snapshot.");
    }
    return name;
  }
}
