// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;

/// Makes the active state hold nothing, as after a commit: every table is given up whole, and the
/// file ends behind what is left. Under the layer's exclusive lock.
///
/// The tables' references go first and durably, then the counts fall, then the file becomes
/// shorter: a crash leaks at worst.
public final class Emptier {
  private final ImageParts parts;
  private final ActiveTree active;
  private final Geometry geometry;

  public Emptier(ImageParts parts, ActiveTree active) {
    this.parts = parts;
    this.active = active;
    this.geometry = parts.geometry();
  }

  /// @param size of the disk
  /// @param bitmaps the image has persistent bitmaps
  public void empty(long size, boolean bitmaps) throws IOException {
    parts.fresh().giveBack();
    parts.flushOrder().commit();
    if (parts.rules().qemuLayout() && !resettable(bitmaps)) {
      dropAsQemu(size);
      return;
    }
    parts.storage().announce(StorageEvent.EMPTY_IMAGE_PREPARE);
    EntryTable l1 = active.map().l1();
    for (int i = 0; i < l1.size(); i++) {
      long table = L1Entry.offset(l1.get(i));
      if (table != 0) {
        dropClusters(i);
        l1.set(i, 0);
        parts.dropped().drop(geometry.hostCluster(table));
        parts.bound();
      }
    }
    active.forgetDecoded();
    parts.flushOrder().commit();
    parts.flushOrder().commitCounts();
    FileTail.cut(parts);
    endAsQemu(l1);
  }

  /// True where QEMU makes the image anew instead of giving its clusters up one by one.
  private boolean resettable(boolean bitmaps) {
    long l1Clusters = geometry.clustersFor(active.map().l1().byteLength());
    return parts.version() >= 3
        && parts.header().snapshotCount() == 0
        && !bitmaps
        && !parts.data().external()
        && !parts.data().encrypted()
        && l1Clusters + 3 <= geometry.clusterSize() * 8L >> geometry.refcountOrder();
  }

  /// An image made anew ends behind its L1 table, and that at the end of a cluster.
  private void endAsQemu(EntryTable l1) throws IOException {
    long end = l1.offset() + (geometry.clustersFor(l1.byteLength()) << geometry.clusterBits());
    long size = parts.storage().size();
    if (parts.rules().qemuLayout() && l1.size() > 0 && size < end && size > l1.offset()) {
      parts.storage().truncate(end);
    }
  }

  private void dropAsQemu(long size) throws IOException {
    active.zeros().drop(0, geometry.clustersFor(size) << geometry.clusterBits());
    active.forgetDecoded();
    parts.flushOrder().commit();
    parts.flushOrder().commitCounts();
  }

  private void dropClusters(int l1Index) throws IOException {
    long from = l1Index * geometry.bytesPerL2Table();
    for (int i = 0; i < geometry.l2Entries(); i++) {
      active.tables().dropHost(active.map().state(from + ((long) i << geometry.clusterBits())));
    }
  }
}
