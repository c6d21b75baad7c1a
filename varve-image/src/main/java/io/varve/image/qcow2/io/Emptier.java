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

  public void empty() throws IOException {
    parts.storage().announce(StorageEvent.EMPTY_IMAGE_PREPARE);
    parts.flushOrder().commit();
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
    trim();
  }

  private void dropClusters(int l1Index) throws IOException {
    long from = l1Index * geometry.bytesPerL2Table();
    for (int i = 0; i < geometry.l2Entries(); i++) {
      active.tables().dropHost(active.map().state(from + ((long) i << geometry.clusterBits())));
    }
  }

  /// Cuts off what nobody refers to at the end of the file.
  private void trim() throws IOException {
    if (parts.storage().capabilities().fixedSize()) {
      return;
    }
    long end = geometry.clustersFor(parts.storage().size());
    long used = parts.refcounts().endOfUsed(end);
    if (used < end) {
      parts.storage().truncate(geometry.hostOffset(used));
      parts.allocator().endMoved(used);
    }
  }
}
