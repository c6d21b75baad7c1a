// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.format.SnapshotEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Follows the L1 tables of the active disk and of the snapshots to their L2 tables.
///
/// Snapshots share most of their tables. Each table is read once, in the order of host offsets, and
/// counts as often as it is referred to; so the time is bounded by the length of the file, however
/// often a hostile image names one table.
final class TreeWalk {
  /// Bytes of an L1 table that are in memory at once.
  private static final int CHUNK = 1 << 20;

  private record Table(long offset, long entries) {}

  private final CheckedImage image;
  private final Geometry geometry;
  private final Tally tally;
  private final References references;
  private final Refcounts refcounts;

  /// References to the L2 table in each host cluster: from all trees, and from the active one.
  private final ClusterCounts all = new ClusterCounts();

  private final ClusterCounts active = new ClusterCounts();
  private long l2Tables;

  TreeWalk(CheckedImage image, Tally tally, References references, Refcounts refcounts) {
    this.image = image;
    this.geometry = image.geometry();
    this.tally = tally;
    this.references = references;
    this.refcounts = refcounts;
  }

  void walk(List<SnapshotEntry> snapshots, CheckProgress progress) throws IOException {
    readL1(image.header().l1Offset(), image.header().l1Size(), 1, true);
    for (Map.Entry<Table, Integer> table : tablesOf(snapshots).entrySet()) {
      readL1(table.getKey().offset(), table.getKey().entries(), table.getValue(), false);
    }
    readL2Tables(progress);
  }

  private Map<Table, Integer> tablesOf(List<SnapshotEntry> snapshots) {
    Map<Table, Integer> tables = new LinkedHashMap<>();
    for (SnapshotEntry snapshot : snapshots) {
      long offset = snapshot.l1Offset();
      long entries = snapshot.l1Size() & 0xffff_ffffL;
      if (!geometry.isClusterAligned(offset) || offset < 0) {
        tally.corruption(
            "snapshot %s (%s) l1_offset=0x%x: L1 table is not cluster aligned; snapshot table entry"
                + " corrupted",
            snapshot.id(), snapshot.name(), offset);
        tally.incomplete();
      } else if (entries > Limits.MAX_L1_BYTES / Long.BYTES) {
        tally.corruption(
            "snapshot %s (%s) l1_size=0x%x: L1 table is too large; snapshot table entry corrupted",
            snapshot.id(), snapshot.name(), entries);
        tally.incomplete();
      } else if (offset > Long.MAX_VALUE - Limits.MAX_L1_BYTES) {
        tally.corruption("snapshot %s (%s): L1 table offset", snapshot.id(), snapshot.name());
        tally.incomplete();
      } else {
        tables.merge(new Table(offset, entries), 1, Integer::sum);
      }
    }
    return tables;
  }

  private void readL1(long offset, long entries, int times, boolean isActive) throws IOException {
    if (!references.addTable(offset, entries * Long.BYTES, times, "L1 table")) {
      tally.incomplete();
    }
    if (references.exhausted()) {
      return;
    }
    long end = Math.min(offset + entries * Long.BYTES, image.fileLength());
    for (long at = offset; at < end; at += CHUNK) {
      int length = (int) Math.min(CHUNK, (end - at + 7) & -8);
      if (!image.isHole(at, length)) {
        readL1Part(image.read(at, length), (at - offset) / Long.BYTES, times, isActive);
      }
    }
  }

  private void readL1Part(ByteBuffer part, long first, int times, boolean isActive)
      throws IOException {
    for (long index = first; part.hasRemaining(); index++) {
      long entry = part.getLong();
      if (entry == 0) {
        continue;
      }
      if (L1Entry.reservedBitsSet(entry)) {
        tally.corruptions(times, "found L1 entry with reserved bits set: %x", entry);
      }
      followL1(index, entry, times, isActive);
    }
  }

  private void followL1(long index, long entry, int times, boolean isActive) throws IOException {
    long offset = L1Entry.offset(entry);
    long cluster = geometry.hostCluster(offset);
    boolean inFile = references.add(offset, image.clusterSize(), times);
    boolean followed = inFile && offset != 0 && geometry.isClusterAligned(offset);
    if (!geometry.isClusterAligned(offset)) {
      tally.corruptions(
          times, "l2_offset=0x%x: Table is not cluster aligned; L1 entry corrupted", offset);
    }
    if (offset == 0) {
      tally.corruptions(times, "l2_offset=0x0: L1 entry %x names the header", entry);
    }
    if (isActive && offset != 0) {
      requireCopied(index, entry, cluster);
    }
    if (!followed) {
      tally.incomplete();
      return;
    }
    l2Tables += all.get(cluster) == 0 ? 1 : 0;
    all.add(cluster, times);
    if (isActive) {
      active.add(cluster, 1);
    }
  }

  private void requireCopied(long index, long entry, long cluster) throws IOException {
    if (refcounts.unreadable(refcounts.indexOf(cluster))) {
      return;
    }
    boolean one = refcounts.isOne(cluster);
    if (one != L1Entry.copied(entry)) {
      tally.copied(
          1,
          "OFLAG_COPIED L2 cluster: l1_index=%d l1_entry=%x refcount %s 1",
          index,
          entry,
          one ? "is" : "is not");
    }
  }

  private void readL2Tables(CheckProgress progress) throws IOException {
    L2Walk walk = new L2Walk(image, tally, references, refcounts);
    long limit = references.clusters();
    long done = 0;
    long total = l2Tables << geometry.clusterBits();
    for (long c = all.nextNonZero(0, limit); c < limit; c = all.nextNonZero(c + 1, limit)) {
      long offset = geometry.hostOffset(c);
      if (!image.isHole(offset, image.clusterSize())) {
        walk.table(image.read(offset, image.clusterSize()), all.get(c), active.get(c));
      }
      done += image.clusterSize();
      progress.advance(done, total);
    }
  }

  /// How often each L2 table is referred to by the active disk.
  ClusterCounts activeTables() {
    return active;
  }

  /// How often each L2 table is referred to.
  ClusterCounts allTables() {
    return all;
  }
}
