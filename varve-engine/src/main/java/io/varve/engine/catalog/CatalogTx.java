// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import io.varve.engine.model.DiskIo;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// The reads and writes of one transaction. Valid only inside [Catalog#inTransaction], on its
/// thread.
///
/// Inserts of a taken key or name, and updates and deletes of a row whose version is not the one
/// given, throw [CatalogConflictException]. Lists come in the order that each method names.
public interface CatalogTx {
  // Pools.

  /// By name.
  List<PoolRow> pools();

  Optional<PoolRow> pool(String name);

  Optional<PoolRow> pool(UUID id);

  void insert(PoolRow pool);

  void update(PoolRow pool);

  /// With everything in it.
  void deletePool(UUID id);

  /// Hosts before witnesses, then by name.
  List<MemberRow> members(UUID pool);

  /// Adding a member that is there changes nothing.
  void addMember(MemberRow member);

  /// True if it was there.
  boolean removeMember(MemberRow member);

  // Disks.

  /// Of all pools, by name.
  List<DiskRow> disks();

  /// By name.
  List<DiskRow> disksOfPool(UUID pool);

  /// Of all pools.
  List<DiskRow> disksNamed(String name);

  List<DiskRow> disksOfFamily(UUID family);

  Optional<DiskRow> disk(UUID pool, String name);

  Optional<DiskRow> disk(UUID id);

  void insert(DiskRow disk);

  /// The same as one [#insert(DiskRow)] each, for many.
  default void insertDisks(List<DiskRow> disks) {
    disks.forEach(this::insert);
  }

  void update(DiskRow disk);

  /// With its snapshot names and counters; layers stay.
  void deleteDisk(UUID id);

  // Layers.

  List<LayerRow> layersOfPool(UUID pool);

  /// By time of creation.
  List<LayerRow> layersOfFamily(UUID family);

  /// The layers directly on this one, by time of creation.
  List<LayerRow> children(UUID layer);

  Optional<LayerRow> layer(UUID id);

  void insert(LayerRow layer);

  /// The same as one [#insert(LayerRow)] each, for many.
  default void insertLayers(List<LayerRow> layers) {
    layers.forEach(this::insert);
  }

  void update(LayerRow layer);

  void deleteLayer(UUID id);

  // Snapshots.

  /// By time.
  List<SnapshotRow> snapshots(UUID disk);

  List<SnapshotRow> snapshotsOfFamily(UUID family);

  Optional<SnapshotRow> snapshot(UUID disk, String name);

  /// The storage snapshot that names this layer.
  Optional<SnapshotRow> snapshotOfLayer(UUID layer);

  void insert(SnapshotRow snapshot);

  /// With its hold.
  void deleteSnapshot(UUID id);

  Optional<HoldRow> hold(UUID snapshot);

  void insert(HoldRow hold);

  void deleteHold(UUID snapshot);

  /// How many snapshots the disks of a pool have.
  int countSnapshots(UUID pool);

  // The journal.

  /// Oldest first.
  List<IntentRow> intents(UUID pool, UUID family);

  /// Of a whole pool, oldest first.
  List<IntentRow> intents(UUID pool);

  void insert(IntentRow intent);

  void deleteIntent(UUID id);

  // Jobs.

  /// Of all pools, oldest first.
  List<JobRow> jobs();

  /// Oldest first.
  List<JobRow> jobsOfFamily(UUID pool, UUID family);

  Optional<JobRow> job(UUID id);

  void insert(JobRow job);

  void update(JobRow job);

  void deleteJob(UUID id);

  // Counters.

  DiskIo diskIo(UUID disk);

  void addDiskIo(UUID disk, DiskIo more);

  void resetDiskIo(UUID disk);
}
