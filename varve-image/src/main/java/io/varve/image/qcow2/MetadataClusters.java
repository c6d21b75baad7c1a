// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.format.RefcountTableEntry;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.image.qcow2.format.SnapshotTable;
import io.varve.image.qcow2.metadata.ClusterSet;
import io.varve.image.qcow2.metadata.EntryTable;

/// Which clusters of an image hold its own structures, gathered when it is opened for writing.
///
/// @param all every one of them; bitmaps add theirs later
/// @param disputed those that structures of two kinds lay claim to: a write of the one would
///   destroy the other
record MetadataClusters(ClusterSet all, ClusterSet disputed) {
  static MetadataClusters of(
      Geometry geometry,
      Header header,
      EntryTable refcountTable,
      EntryTable l1,
      SnapshotTable.Loaded snapshots) {
    MetadataClusters found = new MetadataClusters(new ClusterSet(), new ClusterSet());
    found.all.add(0);
    found.addTable(geometry, refcountTable.offset(), refcountTable.byteLength());
    found.addTable(geometry, l1.offset(), l1.byteLength());
    found.addTable(geometry, header.snapshotsOffset(), snapshots.length());
    for (SnapshotEntry entry : snapshots.entries()) {
      long bytes = (entry.l1Size() & 0xffff_ffffL) * Long.BYTES;
      found.addTable(geometry, entry.l1Offset(), Math.min(bytes, Limits.MAX_L1_BYTES));
    }
    ClusterSet blocks = new ClusterSet();
    for (int i = 0; i < refcountTable.size(); i++) {
      found.addOne(geometry, RefcountTableEntry.offset(refcountTable.get(i)), blocks);
    }
    ClusterSet tables = new ClusterSet();
    for (int i = 0; i < l1.size(); i++) {
      found.addOne(geometry, L1Entry.offset(l1.get(i)), tables);
    }
    return found;
  }

  private void addTable(Geometry geometry, long offset, long length) {
    if (length == 0) {
      return;
    }
    long first = geometry.hostCluster(offset);
    long count = geometry.clustersFor(length);
    for (long hit = all.first(first, count); hit >= 0; ) {
      disputed.add(hit);
      hit = all.first(hit + 1, first + count - hit - 1);
    }
    all.add(first, count);
  }

  /// @param sameKind where those of its kind lie; two entries that name one cluster are no dispute
  private void addOne(Geometry geometry, long offset, ClusterSet sameKind) {
    if (offset == 0 || !geometry.isClusterAligned(offset)) {
      return;
    }
    long cluster = geometry.hostCluster(offset);
    if (all.contains(cluster) && !sameKind.contains(cluster)) {
      disputed.add(cluster);
    }
    all.add(cluster);
    sameKind.add(cluster);
  }
}
