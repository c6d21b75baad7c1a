// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.format.SnapshotEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Follows the L1 tables of the active disk and of the snapshots to their L2 tables, in QEMU's
/// order.
///
/// Snapshots share most of their tables. So all L1 tables are read once beforehand, to know how
/// often each L2 table is referred to; a table is then read when it is first met, and what it
/// refers to counts as often. Only a table with damage is read again, to tell of it as often as
/// QEMU does. So the time is bounded by the length of the file, however often a hostile image names
/// one table.
final class TreeWalk {
  /// Bytes of an L1 table that are in memory at once.
  private static final int CHUNK = 1 << 20;

  /// Bytes of damaged tables that are read again at most.
  private static final long MOST_AGAIN = 256L << 20;

  /// @param times snapshots that have this very table
  private record Table(long offset, long entries, boolean active, int times) {}

  /// What the first walk through an L2 table has found, where it is needed again.
  private record Seen(long allocated, long compressed, long fragmented, long damage) {}

  private final CheckedImage image;
  private final Geometry geometry;
  private final Tally tally;
  private final References references;
  private final CheckOptions options;
  private final L2Walk walk;

  /// References to the L2 table in each host cluster, from all trees.
  private final ClusterCounts all = new ClusterCounts();

  private final ClusterFlags met = new ClusterFlags();
  private final Map<Long, Seen> again = new HashMap<>();
  private final ClusterFlags copiedWrong = new ClusterFlags();
  private long againBytes;
  private long l2Tables;
  private long done;

  TreeWalk(
      CheckedImage image,
      Tally tally,
      References references,
      Refcounts refcounts,
      CheckOptions options) {
    this.image = image;
    this.geometry = image.geometry();
    this.tally = tally;
    this.references = references;
    this.options = options;
    this.walk = new L2Walk(image, tally, references, refcounts, options);
  }

  void walk(List<SnapshotEntry> snapshots) throws IOException {
    List<Table> tables = new ArrayList<>();
    tables.add(new Table(image.header().l1Offset(), image.header().l1Size(), true, 1));
    Map<Table, Integer> shared = new LinkedHashMap<>();
    for (SnapshotEntry snapshot : snapshots) {
      if (complaint(snapshot) == null) {
        shared.merge(new Table(snapshot.l1Offset(), snapshot.l1Size(), false, 1), 1, Integer::sum);
      }
    }
    shared.forEach(
        (table, times) -> tables.add(new Table(table.offset(), table.entries(), false, times)));
    for (Table table : tables) {
      countL2Tables(table);
    }
    walkTable(tables.getFirst());
    for (SnapshotEntry snapshot : snapshots) {
      walkSnapshot(snapshot, shared);
    }
  }

  private void walkSnapshot(SnapshotEntry snapshot, Map<Table, Integer> shared) throws IOException {
    String complaint = complaint(snapshot);
    if (complaint != null) {
      tally.corruption(complaint);
      tally.incomplete();
      return;
    }
    // Snapshots with the same L1 table (no image of QEMU has them) are one, that counts as often.
    Integer times = shared.remove(new Table(snapshot.l1Offset(), snapshot.l1Size(), false, 1));
    if (times != null) {
      walkTable(new Table(snapshot.l1Offset(), snapshot.l1Size(), false, times));
    }
  }

  private @Nullable String complaint(SnapshotEntry snapshot) {
    String who = "ERROR snapshot " + snapshot.id() + " (" + snapshot.name() + ") ";
    long offset = snapshot.l1Offset();
    long entries = snapshot.l1Size() & 0xffff_ffffL;
    if (!geometry.isClusterAligned(offset) || offset < 0) {
      return who
          + "l1_offset="
          + Hex.alternate(offset)
          + ": L1 table is not cluster aligned; snapshot table entry corrupted";
    }
    if (entries > Limits.MAX_L1_BYTES / Long.BYTES) {
      return who
          + "l1_size="
          + Hex.alternate(entries)
          + ": L1 table is too large; snapshot table entry corrupted";
    }
    return offset > Long.MAX_VALUE - Limits.MAX_L1_BYTES ? who + "L1 table offset" : null;
  }

  private interface EntryVisit {
    void visit(long index, long entry) throws IOException;
  }

  /// Visits the entries of an L1 table that are not 0 and lie in the file.
  private void entries(Table table, EntryVisit visit) throws IOException {
    long end = Math.min(table.offset() + table.entries() * Long.BYTES, image.fileLength());
    for (long at = table.offset(); at < end; at += CHUNK) {
      int length = (int) Math.min(CHUNK, (end - at + 7) & -8);
      if (image.isHole(at, length)) {
        continue;
      }
      ByteBuffer part = image.read(at, length);
      for (long index = (at - table.offset()) / Long.BYTES; part.hasRemaining(); index++) {
        long entry = part.getLong();
        if (entry != 0) {
          visit.visit(index, entry);
        }
      }
    }
  }

  private void countL2Tables(Table table) throws IOException {
    if (!references.mayFollow(table.offset(), table.entries() * Long.BYTES)) {
      return;
    }
    entries(
        table,
        (_, entry) -> {
          long offset = L1Entry.offset(entry);
          if (followable(offset)) {
            long cluster = geometry.hostCluster(offset);
            l2Tables += all.get(cluster) == 0 ? 1 : 0;
            all.add(cluster, table.times());
          }
        });
  }

  /// QEMU follows an entry to the header too, and to what is not aligned.
  private boolean followable(long offset) {
    return (offset != 0 || !options.careful())
        && geometry.isClusterAligned(offset)
        && references.inFile(offset, image.clusterSize());
  }

  private void walkTable(Table table) throws IOException {
    long length = table.entries() * Long.BYTES;
    if (!references.addTable(table.offset(), length, table.times(), "L1 table")) {
      tally.incomplete();
    }
    if (!references.exhausted()) {
      entries(table, (_, entry) -> followL1(entry, table));
    }
  }

  private void followL1(long entry, Table table) throws IOException {
    int times = table.times();
    if (L1Entry.reservedBitsSet(entry)) {
      repeat(times, "ERROR found L1 entry with reserved bits set: " + Hex.bare(entry));
    }
    long offset = L1Entry.offset(entry);
    boolean inFile = references.add(offset, image.clusterSize(), times);
    boolean aligned = geometry.isClusterAligned(offset);
    if (!aligned) {
      repeat(
          times,
          "ERROR l2_offset="
              + Hex.bare(offset)
              + ": Table is not cluster aligned; L1 entry corrupted");
    }
    if (followable(offset)) {
      for (int i = 0; i < times; i++) {
        followL2(offset, table.active());
      }
      return;
    }
    tally.incomplete();
    if (inFile && !aligned && !options.careful()) {
      // QEMU reads what lies there all the same.
      walk.walk(offset, image.read(offset, image.clusterSize()), times, table.active());
      if (table.active()) {
        tally.guestClusters(1, walk.allocated(), walk.compressed(), walk.fragmented());
      }
      if (walk.copiedWrong()) {
        copiedWrong.set(geometry.hostCluster(offset));
      }
    }
  }

  private void repeat(int times, String line) {
    for (int i = 0; i < times; i++) {
      tally.corruption(line);
    }
  }

  private void followL2(long offset, boolean active) throws IOException {
    long cluster = geometry.hostCluster(offset);
    if (met.get(cluster)) {
      meetAgain(offset, active);
      return;
    }
    met.set(cluster);
    done += image.clusterSize();
    options.progress().advance(done, Math.max(done, l2Tables << geometry.clusterBits()));
    if (image.isHole(offset, image.clusterSize())) {
      return;
    }
    long before = tally.counts().corruptions();
    int references = all.get(cluster);
    walk.walk(offset, image.read(offset, image.clusterSize()), references, active);
    long damage = tally.counts().corruptions() - before;
    if (active) {
      tally.guestClusters(1, walk.allocated(), walk.compressed(), walk.fragmented());
      if (walk.copiedWrong()) {
        copiedWrong.set(cluster);
      }
    }
    if (references > 1 && (damage > 0 || active)) {
      again.put(cluster, new Seen(walk.allocated(), walk.compressed(), walk.fragmented(), damage));
    }
  }

  private void meetAgain(long offset, boolean active) throws IOException {
    long cluster = geometry.hostCluster(offset);
    Seen seen = again.get(cluster);
    if (seen == null) {
      return;
    }
    if (active) {
      tally.guestClusters(1, seen.allocated(), seen.compressed(), seen.fragmented());
    }
    if (seen.damage() == 0) {
      return;
    }
    againBytes += image.clusterSize();
    if (againBytes > MOST_AGAIN) {
      tally.corruptions(seen.damage());
    } else {
      walk.walk(offset, image.read(offset, image.clusterSize()), 0, false);
    }
  }

  /// True if a COPIED bit in the L2 table at this cluster does not say what the refcount says.
  boolean copiedWrong(long cluster) {
    return copiedWrong.get(cluster);
  }
}
