// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

import io.varve.image.CorruptImageException;
import io.varve.image.qcow2.OverlapRules;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.RefcountTableEntry;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Keeps writes away from the image's own structures: a write that would hit one shows that an
/// entry or a count is damaged. Which structure it is, is found out only then. Under the layer's
/// lock.
public final class OverlapCheck {
  private final Geometry geometry;
  private final Storage storage;
  private final ClusterSet metadata;
  private final ClusterSet disputed;
  private final OverlapRules rules;
  private final ImageDamage damage;
  private final HeaderFields header;
  private final FlushOrder tables;
  private Supplier<List<SnapshotEntry>> snapshots = List::of;
  private LongSupplier snapshotTableBytes = () -> 0;

  /// @param metadata clusters that hold the image's own structures
  /// @param disputed those of them that two structures of different kinds lay claim to
  public OverlapCheck(
      Storage storage,
      Geometry geometry,
      ClusterSet metadata,
      ClusterSet disputed,
      OverlapRules rules,
      ImageDamage damage,
      HeaderFields header,
      FlushOrder tables) {
    this.storage = storage;
    this.geometry = geometry;
    this.metadata = metadata;
    this.disputed = disputed;
    this.rules = rules;
    this.damage = damage;
    this.header = header;
    this.tables = tables;
  }

  /// @param tableBytes length of the snapshot table
  public void attachSnapshots(Supplier<List<SnapshotEntry>> list, LongSupplier tableBytes) {
    this.snapshots = list;
    this.snapshotTableBytes = tableBytes;
  }

  /// Refuses to write data, or a new structure, into any of these clusters if one holds metadata.
  public void requireFree(long first, long count) throws IOException {
    long hit = metadata.first(first, count);
    if (hit >= 0) {
      String what = structureAt(hit, null);
      if (what != null) {
        throw preventing(what);
      }
    }
    if (rules.inactiveL2()) {
      requireNoInactiveL2(first, count);
    }
  }

  boolean anyDisputed() {
    return !disputed.isEmpty();
  }

  /// Refuses to write changed entries of a table into a cluster that another structure claims, too.
  ///
  /// @param hostOffset of the changed piece of an L2 table or a refcount block
  void requireUndisputed(long hostOffset) throws IOException {
    long cluster = geometry.hostCluster(hostOffset);
    if (!disputed.contains(cluster)) {
      return;
    }
    Kind own = isRefcountBlock(cluster) ? Kind.REFCOUNT_BLOCK : Kind.ACTIVE_L2;
    String what = structureAt(cluster, own);
    if (what != null) {
      throw preventing(what);
    }
  }

  /// True if a write of the L1 table would hit another structure.
  void requireL1Undisputed(EntryTable l1) throws IOException {
    long first = geometry.hostCluster(l1.offset());
    long hit = disputed.first(first, geometry.clustersFor(l1.byteLength()));
    String what = hit < 0 ? null : structureAt(hit, Kind.ACTIVE_L1);
    if (what != null) {
      throw preventing(what);
    }
  }

  private CorruptImageException preventing(String what) {
    return damage.fatal("Preventing invalid write on metadata (overlaps with " + what + ")");
  }

  private enum Kind {
    ACTIVE_L1,
    ACTIVE_L2,
    REFCOUNT_BLOCK
  }

  /// QEMU's name of the structure in this cluster, in the order in which it looks; null where the
  /// rules let the write pass.
  private @Nullable String structureAt(long cluster, @Nullable Kind own) {
    EntryTable l1 = tables.l1();
    EntryTable refcountTable = tables.refcountTable();
    if (rules.mainHeader() && cluster == 0) {
      return "qcow2_header";
    }
    if (rules.activeL1() && own != Kind.ACTIVE_L1 && l1 != null && covers(l1, cluster)) {
      return "active L1 table";
    }
    if (rules.activeL2() && own != Kind.ACTIVE_L2 && l1 != null && isL2Table(l1, cluster)) {
      return "active L2 table";
    }
    if (rules.refcountTable() && refcountTable != null && covers(refcountTable, cluster)) {
      return "refcount table";
    }
    if (rules.refcountBlock() && own != Kind.REFCOUNT_BLOCK && isRefcountBlock(cluster)) {
      return "refcount block";
    }
    if (rules.snapshotTable()
        && contains(header.snapshotsOffset(), snapshotTableBytes.getAsLong(), cluster)) {
      return "snapshot table";
    }
    if (rules.inactiveL1() && isInactiveL1(cluster)) {
      return "inactive L1 table";
    }
    return rules.bitmapDirectory() ? otherStructure(cluster, l1, refcountTable) : null;
  }

  /// What is left: bitmaps.
  private @Nullable String otherStructure(
      long cluster, @Nullable EntryTable l1, @Nullable EntryTable refcountTable) {
    boolean known =
        cluster == 0
            || (l1 != null && (covers(l1, cluster) || isL2Table(l1, cluster)))
            || (refcountTable != null && covers(refcountTable, cluster))
            || isRefcountBlock(cluster)
            || contains(header.snapshotsOffset(), snapshotTableBytes.getAsLong(), cluster)
            || isInactiveL1(cluster);
    return known ? null : "bitmap directory";
  }

  private boolean covers(EntryTable table, long cluster) {
    return contains(table.offset(), table.byteLength(), cluster);
  }

  private boolean contains(long offset, long bytes, long cluster) {
    long first = geometry.hostCluster(offset);
    return cluster >= first && cluster < first + geometry.clustersFor(bytes);
  }

  private boolean isL2Table(EntryTable l1, long cluster) {
    for (int i = 0; i < l1.size(); i++) {
      long offset = L1Entry.offset(l1.get(i));
      if (offset != 0 && geometry.hostCluster(offset) == cluster) {
        return true;
      }
    }
    return false;
  }

  private boolean isRefcountBlock(long cluster) {
    EntryTable table = tables.refcountTable();
    for (int i = 0; table != null && i < table.size(); i++) {
      long offset = RefcountTableEntry.offset(table.get(i));
      if (offset != 0 && geometry.hostCluster(offset) == cluster) {
        return true;
      }
    }
    return false;
  }

  private boolean isInactiveL1(long cluster) {
    for (SnapshotEntry entry : snapshots.get()) {
      if (contains(entry.l1Offset(), (entry.l1Size() & 0xffff_ffffL) * Long.BYTES, cluster)) {
        return true;
      }
    }
    return false;
  }

  /// QEMU reads the tables of all snapshots for each write under these rules, and so do we.
  private void requireNoInactiveL2(long first, long count) throws IOException {
    for (SnapshotEntry entry : snapshots.get()) {
      int size = (int) Math.min(entry.l1Size() & 0xffff_ffffL, Integer.MAX_VALUE);
      EntryTable l1 = EntryTable.load(storage, entry.l1Offset(), Math.min(size, 1 << 22));
      for (int i = 0; i < l1.size(); i++) {
        long table = L1Entry.offset(l1.get(i));
        long cluster = geometry.hostCluster(table);
        if (table != 0 && cluster >= first && cluster < first + count) {
          throw preventing("inactive L2 table");
        }
      }
    }
  }
}
