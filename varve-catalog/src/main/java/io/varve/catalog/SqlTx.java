// SPDX-License-Identifier: Apache-2.0
package io.varve.catalog;

import io.varve.engine.catalog.CatalogConflictException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.HoldRow;
import io.varve.engine.catalog.IntentRow;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.MemberRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.DiskIo;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/// The reads and writes of one transaction, in SQL that SQLite and PostgreSQL both take.
final class SqlTx implements CatalogTx {
  private static final String INSERT_DISK =
      "INSERT INTO disk (id, pool_id, family_id, name, size_bytes, active_layer_id,"
          + " compute_parent, created_ms, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)";
  private static final String INSERT_LAYER =
      "INSERT INTO layer (id, pool_id, family_id, disk_id, parent_id, role, file, created_ms,"
          + " frozen_ms, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)";

  private final Handle handle;

  SqlTx(Handle handle) {
    this.handle = handle;
  }

  @Override
  public List<PoolRow> pools() {
    return list(Rows::pool, "SELECT * FROM pool ORDER BY name");
  }

  @Override
  public Optional<PoolRow> pool(String name) {
    return one(Rows::pool, "SELECT * FROM pool WHERE name = ?", name);
  }

  @Override
  public Optional<PoolRow> pool(UUID id) {
    return one(Rows::pool, "SELECT * FROM pool WHERE id = ?", id);
  }

  @Override
  public void insert(PoolRow p) {
    execute(
        "INSERT INTO pool (id, name, path, kind, profile, version) VALUES (?, ?, ?, ?, ?, 1)",
        p.id(),
        p.name(),
        p.path(),
        p.kind(),
        p.profile());
  }

  @Override
  public void update(PoolRow p) {
    compareAndSet(
        "pool " + p.name(),
        "UPDATE pool SET name = ?, path = ?, kind = ?, profile = ?, version = version + 1"
            + " WHERE id = ? AND version = ?",
        p.name(),
        p.path(),
        p.kind(),
        p.profile(),
        p.id(),
        p.version());
  }

  @Override
  public void deletePool(UUID id) {
    execute("DELETE FROM pool WHERE id = ?", id);
  }

  @Override
  public List<MemberRow> members(UUID pool) {
    return list(
        Rows::member, "SELECT * FROM pool_member WHERE pool_id = ? ORDER BY role, name", pool);
  }

  @Override
  public void addMember(MemberRow m) {
    execute(
        "INSERT INTO pool_member (pool_id, role, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        m.pool(),
        m.role(),
        m.name());
  }

  @Override
  public boolean removeMember(MemberRow m) {
    return execute(
            "DELETE FROM pool_member WHERE pool_id = ? AND role = ? AND name = ?",
            m.pool(),
            m.role(),
            m.name())
        > 0;
  }

  @Override
  public List<DiskRow> disks() {
    return list(Rows::disk, "SELECT * FROM disk ORDER BY name, id");
  }

  @Override
  public List<DiskRow> disksOfPool(UUID pool) {
    return list(Rows::disk, "SELECT * FROM disk WHERE pool_id = ? ORDER BY name", pool);
  }

  @Override
  public List<DiskRow> disksNamed(String name) {
    return list(Rows::disk, "SELECT * FROM disk WHERE name = ? ORDER BY id", name);
  }

  @Override
  public List<DiskRow> disksOfFamily(UUID family) {
    return list(Rows::disk, "SELECT * FROM disk WHERE family_id = ? ORDER BY name", family);
  }

  @Override
  public Optional<DiskRow> disk(UUID pool, String name) {
    return one(Rows::disk, "SELECT * FROM disk WHERE pool_id = ? AND name = ?", pool, name);
  }

  @Override
  public Optional<DiskRow> disk(UUID id) {
    return one(Rows::disk, "SELECT * FROM disk WHERE id = ?", id);
  }

  @Override
  public void insert(DiskRow d) {
    execute(INSERT_DISK, values(d));
  }

  @Override
  public void insertDisks(List<DiskRow> disks) {
    executeAll(INSERT_DISK, disks.stream().map(SqlTx::values).toList());
  }

  private static @Nullable Object[] values(DiskRow d) {
    return new @Nullable Object[] {
      d.id(),
      d.pool(),
      d.family(),
      d.name(),
      d.size(),
      d.activeLayer(),
      d.computeParent(),
      d.createdMillis()
    };
  }

  @Override
  public void update(DiskRow d) {
    compareAndSet(
        "disk " + d.name(),
        "UPDATE disk SET family_id = ?, name = ?, size_bytes = ?, active_layer_id = ?,"
            + " compute_parent = ?, version = version + 1 WHERE id = ? AND version = ?",
        d.family(),
        d.name(),
        d.size(),
        d.activeLayer(),
        d.computeParent(),
        d.id(),
        d.version());
  }

  @Override
  public void deleteDisk(UUID id) {
    execute("DELETE FROM disk WHERE id = ?", id);
  }

  @Override
  public List<LayerRow> layersOfPool(UUID pool) {
    return list(Rows::layer, "SELECT * FROM layer WHERE pool_id = ? ORDER BY created_ms, id", pool);
  }

  @Override
  public List<LayerRow> layersOfFamily(UUID family) {
    return list(
        Rows::layer, "SELECT * FROM layer WHERE family_id = ? ORDER BY created_ms, id", family);
  }

  @Override
  public List<LayerRow> children(UUID layer) {
    return list(
        Rows::layer, "SELECT * FROM layer WHERE parent_id = ? ORDER BY created_ms, id", layer);
  }

  @Override
  public Optional<LayerRow> layer(UUID id) {
    return one(Rows::layer, "SELECT * FROM layer WHERE id = ?", id);
  }

  @Override
  public void insert(LayerRow l) {
    execute(INSERT_LAYER, values(l));
  }

  @Override
  public void insertLayers(List<LayerRow> layers) {
    executeAll(INSERT_LAYER, layers.stream().map(SqlTx::values).toList());
  }

  private static @Nullable Object[] values(LayerRow l) {
    return new @Nullable Object[] {
      l.id(),
      l.pool(),
      l.family(),
      l.disk(),
      l.parent(),
      l.role(),
      l.file(),
      l.createdMillis(),
      l.frozenMillis()
    };
  }

  @Override
  public void update(LayerRow l) {
    compareAndSet(
        "layer " + l.id(),
        "UPDATE layer SET family_id = ?, disk_id = ?, parent_id = ?, role = ?, file = ?,"
            + " frozen_ms = ?, version = version + 1 WHERE id = ? AND version = ?",
        l.family(),
        l.disk(),
        l.parent(),
        l.role(),
        l.file(),
        l.frozenMillis(),
        l.id(),
        l.version());
  }

  @Override
  public void deleteLayer(UUID id) {
    execute("DELETE FROM layer WHERE id = ?", id);
  }

  @Override
  public List<SnapshotRow> snapshots(UUID disk) {
    return list(
        Rows::snapshot,
        "SELECT * FROM snapshot WHERE disk_id = ? ORDER BY created_ms, name, id",
        disk);
  }

  @Override
  public List<SnapshotRow> snapshotsOfFamily(UUID family) {
    return list(
        Rows::snapshot,
        "SELECT s.* FROM snapshot s JOIN disk d ON d.id = s.disk_id WHERE d.family_id = ?"
            + " ORDER BY s.created_ms, s.name, s.id",
        family);
  }

  @Override
  public Optional<SnapshotRow> snapshot(UUID disk, String name) {
    return one(Rows::snapshot, "SELECT * FROM snapshot WHERE disk_id = ? AND name = ?", disk, name);
  }

  @Override
  public Optional<SnapshotRow> snapshotOfLayer(UUID layer) {
    return one(
        Rows::snapshot, "SELECT * FROM snapshot WHERE layer_id = ? AND kind = 'STORAGE'", layer);
  }

  @Override
  public void insert(SnapshotRow s) {
    execute(
        "INSERT INTO snapshot (id, disk_id, name, kind, layer_id, internal_id, automatic,"
            + " compute_parent, parent_known, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        s.id(),
        s.disk(),
        s.name(),
        s.kind(),
        s.layer(),
        s.internalId(),
        s.automatic(),
        s.computeParent(),
        s.parentKnown(),
        s.createdMillis());
  }

  @Override
  public void deleteSnapshot(UUID id) {
    execute("DELETE FROM snapshot WHERE id = ?", id);
  }

  @Override
  public Optional<HoldRow> hold(UUID snapshot) {
    return one(Rows::hold, "SELECT * FROM hold WHERE snapshot_id = ?", snapshot);
  }

  @Override
  public void insert(HoldRow hold) {
    execute(
        "INSERT INTO hold (snapshot_id, holder, reason, since_ms) VALUES (?, ?, ?, ?)",
        hold.snapshot(),
        hold.holder(),
        hold.reason(),
        hold.sinceMillis());
  }

  @Override
  public void deleteHold(UUID snapshot) {
    execute("DELETE FROM hold WHERE snapshot_id = ?", snapshot);
  }

  @Override
  public int countSnapshots(UUID pool) {
    return one(
            rs -> rs.getInt(1),
            "SELECT COUNT(*) FROM snapshot s JOIN disk d ON d.id = s.disk_id WHERE d.pool_id = ?",
            pool)
        .orElse(0);
  }

  @Override
  public List<IntentRow> intents(UUID pool, UUID family) {
    return list(
        Rows::intent,
        "SELECT * FROM intent WHERE pool_id = ? AND family_id = ? ORDER BY created_ms, id",
        pool,
        family);
  }

  @Override
  public List<IntentRow> intents(UUID pool) {
    return list(
        Rows::intent, "SELECT * FROM intent WHERE pool_id = ? ORDER BY created_ms, id", pool);
  }

  @Override
  public void insert(IntentRow i) {
    execute(
        "INSERT INTO intent (id, pool_id, family_id, verb, args, created_ms)"
            + " VALUES (?, ?, ?, ?, ?, ?)",
        i.id(),
        i.pool(),
        i.family(),
        i.verb(),
        i.args(),
        i.createdMillis());
  }

  @Override
  public void deleteIntent(UUID id) {
    execute("DELETE FROM intent WHERE id = ?", id);
  }

  @Override
  public List<JobRow> jobs() {
    return list(Rows::job, "SELECT * FROM job ORDER BY created_ms, id");
  }

  @Override
  public List<JobRow> jobsOfFamily(UUID pool, UUID family) {
    return list(
        Rows::job,
        "SELECT * FROM job WHERE pool_id = ? AND family_id = ? ORDER BY created_ms, id",
        pool,
        family);
  }

  @Override
  public Optional<JobRow> job(UUID id) {
    return one(Rows::job, "SELECT * FROM job WHERE id = ?", id);
  }

  @Override
  public void insert(JobRow j) {
    execute(
        "INSERT INTO job (id, pool_id, family_id, kind, subject, state, args, total_bytes,"
            + " done_bytes, freed_bytes, bytes_per_second, run_window, reason, created_ms,"
            + " started_ms, ended_ms, version)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        j.id(),
        j.pool(),
        j.family(),
        j.kind(),
        j.subject(),
        j.state(),
        j.args(),
        j.totalBytes(),
        j.doneBytes(),
        j.freedBytes(),
        j.bytesPerSecond(),
        j.window(),
        j.reason(),
        j.createdMillis(),
        j.startedMillis(),
        j.endedMillis());
  }

  @Override
  public void update(JobRow j) {
    compareAndSet(
        "job " + j.id(),
        "UPDATE job SET state = ?, args = ?, total_bytes = ?, done_bytes = ?, freed_bytes = ?,"
            + " bytes_per_second = ?, run_window = ?, reason = ?, started_ms = ?, ended_ms = ?,"
            + " version = version + 1 WHERE id = ? AND version = ?",
        j.state(),
        j.args(),
        j.totalBytes(),
        j.doneBytes(),
        j.freedBytes(),
        j.bytesPerSecond(),
        j.window(),
        j.reason(),
        j.startedMillis(),
        j.endedMillis(),
        j.id(),
        j.version());
  }

  @Override
  public void deleteJob(UUID id) {
    execute("DELETE FROM job WHERE id = ?", id);
  }

  @Override
  public DiskIo diskIo(UUID disk) {
    return one(Rows::diskIo, "SELECT * FROM disk_io WHERE disk_id = ?", disk).orElse(DiskIo.NONE);
  }

  @Override
  public void addDiskIo(UUID disk, DiskIo more) {
    if (disk(disk).isEmpty()) {
      return;
    }
    DiskIo sum = diskIo(disk).plus(more);
    resetDiskIo(disk);
    execute(
        "INSERT INTO disk_io (disk_id, guest_reads, guest_read_bytes, guest_writes,"
            + " guest_write_bytes, guest_discards, guest_flushes, host_reads, host_read_bytes,"
            + " host_writes, host_write_bytes, host_flushes, host_punches, host_punched_bytes)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        disk,
        sum.guest().reads(),
        sum.guest().readBytes(),
        sum.guest().writes(),
        sum.guest().writeBytes(),
        sum.guest().discards(),
        sum.guest().flushes(),
        sum.host().reads(),
        sum.host().readBytes(),
        sum.host().writes(),
        sum.host().writeBytes(),
        sum.host().flushes(),
        sum.host().punches(),
        sum.host().punchedBytes());
  }

  @Override
  public void resetDiskIo(UUID disk) {
    execute("DELETE FROM disk_io WHERE disk_id = ?", disk);
  }

  /// Makes one row of the current row of a result set.
  @FunctionalInterface
  private interface RowReader<T> {
    T read(ResultSet rs) throws SQLException;
  }

  private <T> List<T> list(RowReader<T> reader, String sql, @Nullable Object... arguments) {
    try (Query query = handle.createQuery(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        query.bind(i, stored(arguments[i]));
      }
      return query.map((rs, _) -> reader.read(rs)).list();
    }
  }

  private <T> Optional<T> one(RowReader<T> reader, String sql, @Nullable Object... arguments) {
    return list(reader, sql, arguments).stream().findFirst();
  }

  private int execute(String sql, @Nullable Object... arguments) {
    try (Update update = handle.createUpdate(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        update.bind(i, stored(arguments[i]));
      }
      return update.execute();
    }
  }

  /// One statement, prepared once, for each set of arguments.
  private void executeAll(String sql, List<@Nullable Object[]> rows) {
    if (rows.isEmpty()) {
      return;
    }
    try (PreparedBatch batch = handle.prepareBatch(sql)) {
      for (@Nullable Object[] row : rows) {
        for (int i = 0; i < row.length; i++) {
          batch.bind(i, stored(row[i]));
        }
        batch.add();
      }
      batch.execute();
    }
  }

  private void compareAndSet(String what, String sql, @Nullable Object... arguments) {
    if (execute(sql, arguments) != 1) {
      throw new CatalogConflictException(what + " was changed in between");
    }
  }

  /// Ids and enums as text, booleans as numbers: the same on every database.
  private static @Nullable Object stored(@Nullable Object value) {
    return switch (value) {
      case null -> null;
      case UUID id -> id.toString();
      case Enum<?> constant -> constant.name();
      case Boolean flag -> flag ? 1 : 0;
      default -> value;
    };
  }
}
