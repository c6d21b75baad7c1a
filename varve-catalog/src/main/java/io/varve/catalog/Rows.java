// SPDX-License-Identifier: Apache-2.0
package io.varve.catalog;

import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.HoldRow;
import io.varve.engine.catalog.IntentRow;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.MemberRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.DiskIo;
import io.varve.engine.model.GuestIo;
import io.varve.engine.model.HostIo;
import io.varve.engine.model.JobState;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.QuorumProfile;
import io.varve.engine.model.SnapshotKind;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Rows from result sets.
final class Rows {
  private Rows() {}

  static PoolRow pool(ResultSet rs) throws SQLException {
    return new PoolRow(
        id(rs, "id"),
        text(rs, "name"),
        text(rs, "path"),
        PoolKind.valueOf(text(rs, "kind")),
        QuorumProfile.valueOf(text(rs, "profile")),
        rs.getLong("version"));
  }

  static MemberRow member(ResultSet rs) throws SQLException {
    return new MemberRow(
        id(rs, "pool_id"), text(rs, "name"), MemberRow.Role.valueOf(text(rs, "role")));
  }

  static DiskRow disk(ResultSet rs) throws SQLException {
    return new DiskRow(
        id(rs, "id"),
        id(rs, "pool_id"),
        id(rs, "family_id"),
        text(rs, "name"),
        rs.getLong("size_bytes"),
        id(rs, "active_layer_id"),
        rs.getString("compute_parent"),
        rs.getLong("created_ms"),
        rs.getLong("version"));
  }

  static LayerRow layer(ResultSet rs) throws SQLException {
    return new LayerRow(
        id(rs, "id"),
        id(rs, "pool_id"),
        id(rs, "family_id"),
        id(rs, "disk_id"),
        idOrNull(rs, "parent_id"),
        NodeRole.valueOf(text(rs, "role")),
        text(rs, "file"),
        rs.getLong("created_ms"),
        rs.getLong("frozen_ms"),
        rs.getLong("version"));
  }

  static SnapshotRow snapshot(ResultSet rs) throws SQLException {
    return new SnapshotRow(
        id(rs, "id"),
        id(rs, "disk_id"),
        text(rs, "name"),
        SnapshotKind.valueOf(text(rs, "kind")),
        id(rs, "layer_id"),
        rs.getString("internal_id"),
        rs.getInt("automatic") != 0,
        rs.getString("compute_parent"),
        rs.getInt("parent_known") != 0,
        rs.getLong("created_ms"));
  }

  static HoldRow hold(ResultSet rs) throws SQLException {
    return new HoldRow(
        id(rs, "snapshot_id"), text(rs, "holder"), text(rs, "reason"), rs.getLong("since_ms"));
  }

  static IntentRow intent(ResultSet rs) throws SQLException {
    return new IntentRow(
        id(rs, "id"),
        id(rs, "pool_id"),
        id(rs, "family_id"),
        text(rs, "verb"),
        text(rs, "args"),
        rs.getLong("created_ms"));
  }

  static JobRow job(ResultSet rs) throws SQLException {
    return new JobRow(
        id(rs, "id"),
        id(rs, "pool_id"),
        id(rs, "family_id"),
        text(rs, "kind"),
        text(rs, "subject"),
        JobState.valueOf(text(rs, "state")),
        text(rs, "args"),
        rs.getLong("total_bytes"),
        rs.getLong("done_bytes"),
        rs.getLong("freed_bytes"),
        rs.getLong("bytes_per_second"),
        rs.getString("run_window"),
        rs.getString("reason"),
        rs.getLong("created_ms"),
        rs.getLong("started_ms"),
        rs.getLong("ended_ms"),
        rs.getLong("version"));
  }

  static DiskIo diskIo(ResultSet rs) throws SQLException {
    return new DiskIo(
        new GuestIo(
            rs.getLong("guest_reads"),
            rs.getLong("guest_read_bytes"),
            rs.getLong("guest_writes"),
            rs.getLong("guest_write_bytes"),
            rs.getLong("guest_discards"),
            rs.getLong("guest_flushes")),
        new HostIo(
            rs.getLong("host_reads"),
            rs.getLong("host_read_bytes"),
            rs.getLong("host_writes"),
            rs.getLong("host_write_bytes"),
            rs.getLong("host_flushes"),
            rs.getLong("host_punches"),
            rs.getLong("host_punched_bytes")));
  }

  private static UUID id(ResultSet rs, String column) throws SQLException {
    return UUID.fromString(text(rs, column));
  }

  private static @Nullable UUID idOrNull(ResultSet rs, String column) throws SQLException {
    String text = rs.getString(column);
    return text == null ? null : UUID.fromString(text);
  }

  private static String text(ResultSet rs, String column) throws SQLException {
    String text = rs.getString(column);
    if (text == null) {
      throw new SQLException("column " + column + " is null");
    }
    return text;
  }
}
