// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import io.varve.engine.model.DiskIo;
import io.varve.engine.model.SnapshotKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/// The tables of [MemoryCatalog]; a transaction works on a copy.
final class MemoryTables implements CatalogTx {
  private final Map<UUID, PoolRow> pools = new LinkedHashMap<>();
  private final Set<MemberRow> members = new LinkedHashSet<>();
  private final Map<UUID, DiskRow> disks = new LinkedHashMap<>();
  private final Map<UUID, LayerRow> layers = new LinkedHashMap<>();
  private final Map<UUID, SnapshotRow> snapshots = new LinkedHashMap<>();
  private final Map<UUID, HoldRow> holds = new LinkedHashMap<>();
  private final Map<UUID, IntentRow> intents = new LinkedHashMap<>();
  private final Map<UUID, JobRow> jobs = new LinkedHashMap<>();
  private final Map<UUID, DiskIo> counters = new HashMap<>();

  MemoryTables copy() {
    MemoryTables copy = new MemoryTables();
    copy.pools.putAll(pools);
    copy.members.addAll(members);
    copy.disks.putAll(disks);
    copy.layers.putAll(layers);
    copy.snapshots.putAll(snapshots);
    copy.holds.putAll(holds);
    copy.intents.putAll(intents);
    copy.jobs.putAll(jobs);
    copy.counters.putAll(counters);
    return copy;
  }

  @Override
  public List<PoolRow> pools() {
    return sorted(pools, _ -> true, Comparator.comparing(PoolRow::name));
  }

  @Override
  public Optional<PoolRow> pool(String name) {
    return first(pools, p -> p.name().equals(name));
  }

  @Override
  public Optional<PoolRow> pool(UUID id) {
    return Optional.ofNullable(pools.get(id));
  }

  @Override
  public void insert(PoolRow pool) {
    requireFree(pool(pool.name()).isEmpty(), "pool " + pool.name());
    add(pools, pool.id(), withVersion(pool, 1));
  }

  @Override
  public void update(PoolRow pool) {
    PoolRow old = pools.get(pool.id());
    requireVersion(old == null ? -1 : old.version(), pool.version(), "pool " + pool.name());
    pools.put(pool.id(), withVersion(pool, pool.version() + 1));
  }

  private static PoolRow withVersion(PoolRow p, long version) {
    return new PoolRow(p.id(), p.name(), p.path(), p.kind(), p.profile(), version);
  }

  @Override
  public void deletePool(UUID id) {
    disksOfPool(id).forEach(disk -> deleteDisk(disk.id()));
    layers.values().removeIf(layer -> layer.pool().equals(id));
    intents.values().removeIf(intent -> intent.pool().equals(id));
    jobs.values().removeIf(job -> job.pool().equals(id));
    members.removeIf(member -> member.pool().equals(id));
    pools.remove(id);
  }

  @Override
  public List<MemberRow> members(UUID pool) {
    return members.stream()
        .filter(m -> m.pool().equals(pool))
        .sorted(Comparator.comparing(MemberRow::role).thenComparing(MemberRow::name))
        .toList();
  }

  @Override
  public void addMember(MemberRow member) {
    members.add(member);
  }

  @Override
  public boolean removeMember(MemberRow member) {
    return members.remove(member);
  }

  @Override
  public List<DiskRow> disks() {
    return disksWhere(_ -> true);
  }

  @Override
  public List<DiskRow> disksOfPool(UUID pool) {
    return disksWhere(d -> d.pool().equals(pool));
  }

  @Override
  public List<DiskRow> disksNamed(String name) {
    return disksWhere(d -> d.name().equals(name));
  }

  @Override
  public List<DiskRow> disksOfFamily(UUID family) {
    return disksWhere(d -> d.family().equals(family));
  }

  private List<DiskRow> disksWhere(Predicate<DiskRow> condition) {
    return sorted(disks, condition, Comparator.comparing(DiskRow::name));
  }

  @Override
  public Optional<DiskRow> disk(UUID pool, String name) {
    return first(disks, d -> d.pool().equals(pool) && d.name().equals(name));
  }

  @Override
  public Optional<DiskRow> disk(UUID id) {
    return Optional.ofNullable(disks.get(id));
  }

  @Override
  public void insert(DiskRow disk) {
    requireFree(disk(disk.pool(), disk.name()).isEmpty(), "disk " + disk.name());
    add(disks, disk.id(), withVersion(disk, 1));
  }

  @Override
  public void update(DiskRow disk) {
    DiskRow old = disks.get(disk.id());
    requireVersion(old == null ? -1 : old.version(), disk.version(), "disk " + disk.name());
    disks.put(disk.id(), withVersion(disk, disk.version() + 1));
  }

  private static DiskRow withVersion(DiskRow d, long version) {
    return new DiskRow(
        d.id(),
        d.pool(),
        d.family(),
        d.name(),
        d.size(),
        d.activeLayer(),
        d.computeParent(),
        d.createdMillis(),
        version);
  }

  @Override
  public void deleteDisk(UUID id) {
    snapshots.values().removeIf(snapshot -> snapshot.disk().equals(id));
    holds.keySet().retainAll(snapshots.keySet());
    counters.remove(id);
    disks.remove(id);
  }

  @Override
  public List<LayerRow> layersOfPool(UUID pool) {
    return layersWhere(l -> l.pool().equals(pool));
  }

  @Override
  public List<LayerRow> layersOfFamily(UUID family) {
    return layersWhere(l -> l.family().equals(family));
  }

  @Override
  public List<LayerRow> children(UUID layer) {
    return layersWhere(l -> Objects.equals(l.parent(), layer));
  }

  private List<LayerRow> layersWhere(Predicate<LayerRow> condition) {
    return sorted(
        layers,
        condition,
        Comparator.comparingLong(LayerRow::createdMillis).thenComparing(l -> l.id().toString()));
  }

  @Override
  public Optional<LayerRow> layer(UUID id) {
    return Optional.ofNullable(layers.get(id));
  }

  @Override
  public void insert(LayerRow layer) {
    add(layers, layer.id(), withVersion(layer, 1));
  }

  @Override
  public void update(LayerRow layer) {
    LayerRow old = layers.get(layer.id());
    requireVersion(old == null ? -1 : old.version(), layer.version(), "layer " + layer.id());
    layers.put(layer.id(), withVersion(layer, layer.version() + 1));
  }

  private static LayerRow withVersion(LayerRow l, long version) {
    return new LayerRow(
        l.id(),
        l.pool(),
        l.family(),
        l.disk(),
        l.parent(),
        l.role(),
        l.file(),
        l.createdMillis(),
        l.frozenMillis(),
        version);
  }

  @Override
  public void deleteLayer(UUID id) {
    layers.remove(id);
  }

  @Override
  public List<SnapshotRow> snapshots(UUID disk) {
    return snapshotsWhere(s -> s.disk().equals(disk));
  }

  @Override
  public List<SnapshotRow> snapshotsOfFamily(UUID family) {
    return snapshotsWhere(s -> {
      DiskRow disk = disks.get(s.disk());
      return disk != null && disk.family().equals(family);
    });
  }

  private List<SnapshotRow> snapshotsWhere(Predicate<SnapshotRow> condition) {
    return sorted(
        snapshots,
        condition,
        Comparator.comparingLong(SnapshotRow::createdMillis).thenComparing(SnapshotRow::name));
  }

  @Override
  public Optional<SnapshotRow> snapshot(UUID disk, String name) {
    return first(snapshots, s -> s.disk().equals(disk) && s.name().equals(name));
  }

  @Override
  public Optional<SnapshotRow> snapshotOfLayer(UUID layer) {
    return first(snapshots, s -> s.kind() == SnapshotKind.STORAGE && s.layer().equals(layer));
  }

  @Override
  public void insert(SnapshotRow s) {
    requireFree(
        s.kind() == SnapshotKind.COMPUTE || snapshot(s.disk(), s.name()).isEmpty(),
        "snapshot " + s.name());
    add(snapshots, s.id(), s);
  }

  @Override
  public void deleteSnapshot(UUID id) {
    snapshots.remove(id);
    holds.remove(id);
  }

  @Override
  public Optional<HoldRow> hold(UUID snapshot) {
    return Optional.ofNullable(holds.get(snapshot));
  }

  @Override
  public void insert(HoldRow hold) {
    add(holds, hold.snapshot(), hold);
  }

  @Override
  public void deleteHold(UUID snapshot) {
    holds.remove(snapshot);
  }

  @Override
  public int countSnapshots(UUID pool) {
    return snapshotsWhere(
            s -> {
              DiskRow disk = disks.get(s.disk());
              return disk != null && disk.pool().equals(pool);
            })
        .size();
  }

  @Override
  public List<IntentRow> intents(UUID pool, UUID family) {
    return intentsWhere(i -> i.pool().equals(pool) && i.family().equals(family));
  }

  @Override
  public List<IntentRow> intents(UUID pool) {
    return intentsWhere(i -> i.pool().equals(pool));
  }

  private List<IntentRow> intentsWhere(Predicate<IntentRow> condition) {
    return sorted(intents, condition, Comparator.comparingLong(IntentRow::createdMillis));
  }

  @Override
  public void insert(IntentRow intent) {
    add(intents, intent.id(), intent);
  }

  @Override
  public void deleteIntent(UUID id) {
    intents.remove(id);
  }

  @Override
  public List<JobRow> jobs() {
    return jobsWhere(_ -> true);
  }

  @Override
  public List<JobRow> jobsOfFamily(UUID pool, UUID family) {
    return jobsWhere(j -> j.pool().equals(pool) && j.family().equals(family));
  }

  private List<JobRow> jobsWhere(Predicate<JobRow> condition) {
    return sorted(
        jobs,
        condition,
        Comparator.comparingLong(JobRow::createdMillis).thenComparing(j -> j.id().toString()));
  }

  @Override
  public Optional<JobRow> job(UUID id) {
    return Optional.ofNullable(jobs.get(id));
  }

  @Override
  public void insert(JobRow job) {
    add(jobs, job.id(), job.withVersion(1));
  }

  @Override
  public void update(JobRow job) {
    JobRow old = jobs.get(job.id());
    requireVersion(old == null ? -1 : old.version(), job.version(), "job " + job.id());
    jobs.put(job.id(), job.withVersion(job.version() + 1));
  }

  @Override
  public void deleteJob(UUID id) {
    jobs.remove(id);
  }

  @Override
  public DiskIo diskIo(UUID disk) {
    return counters.getOrDefault(disk, DiskIo.NONE);
  }

  @Override
  public void addDiskIo(UUID disk, DiskIo more) {
    if (disks.containsKey(disk)) {
      counters.merge(disk, more, DiskIo::plus);
    }
  }

  @Override
  public void resetDiskIo(UUID disk) {
    counters.remove(disk);
  }

  private static <T> void add(Map<UUID, T> table, UUID id, T row) {
    requireFree(table.putIfAbsent(id, row) == null, "id " + id);
  }

  private static void requireFree(boolean free, String what) {
    if (!free) {
      throw new CatalogConflictException(what + " is in the catalog already");
    }
  }

  private static void requireVersion(long found, long expected, String what) {
    if (found != expected) {
      throw new CatalogConflictException(what + " was changed in between");
    }
  }

  private static <T> List<T> sorted(
      Map<UUID, T> table, Predicate<T> condition, Comparator<T> order) {
    List<T> rows = new ArrayList<>(table.values().stream().filter(condition).toList());
    rows.sort(order);
    return rows;
  }

  private static <T> Optional<T> first(Map<UUID, T> table, Predicate<T> condition) {
    return table.values().stream().filter(condition).findFirst();
  }
}
