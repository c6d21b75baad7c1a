// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.qcow2.alloc.Refcounts;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.ImageDamage;
import io.varve.image.qcow2.metadata.MetadataCache;
import io.varve.image.qcow2.snapshot.SnapshotL1;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Counts what one internal snapshot holds, and what only it holds, from its tables and the
/// refcounts. Under the layer's shared lock.
final class SnapshotUsageCounter {
  private static final long CACHE = 4L << 20;

  private final Storage storage;
  private final Geometry geometry;
  private final Refcounts refcounts;
  private long data;
  private long index;
  private long exclusive;

  private SnapshotUsageCounter(Storage storage, Geometry geometry, Refcounts refcounts) {
    this.storage = storage;
    this.geometry = geometry;
    this.refcounts = refcounts;
  }

  static SnapshotUsage of(Qcow2Layer layer, SnapshotEntry entry) throws IOException {
    Header header = HeaderFile.read(layer.storage()).header();
    // A writable layer's newest counts are in memory.
    Refcounts refcounts =
        layer.writable() ? layer.parts().refcounts() : onDisk(layer.storage(), header);
    SnapshotUsageCounter counter =
        new SnapshotUsageCounter(layer.storage(), header.geometry(), refcounts);
    EntryTable l1 = SnapshotL1.load(layer.storage(), header.geometry(), entry);
    counter.index = UsageCounter.roundUp(header.geometry(), l1.byteLength());
    for (int i = 0; i < l1.size(); i++) {
      counter.countTable(L1Entry.offset(l1.get(i)));
    }
    return new SnapshotUsage(counter.data, counter.index, counter.exclusive);
  }

  private static Refcounts onDisk(Storage storage, Header header) throws IOException {
    EntryTable table = Qcow2Opener.refcountTable(storage, header);
    MetadataCache cache = new MetadataCache(storage, header.clusterSize(), CACHE);
    return new Refcounts(
        storage.name(), header.geometry(), cache, table, new ImageDamage(storage.name(), _ -> {}));
  }

  private void countTable(long table) throws IOException {
    if (table == 0) {
      return;
    }
    if (refcounts.get(geometry.hostCluster(table)) == 1) {
      index += geometry.clusterSize();
    }
    ByteBuffer entries = ByteBuffer.allocate(geometry.clusterSize());
    storage.read(table, entries);
    entries.flip();
    for (int at = 0; at < entries.limit(); at += geometry.l2EntrySize()) {
      countCluster(entries.getLong(at));
    }
  }

  private void countCluster(long entry) throws IOException {
    if (L2Entry.compressed(entry)) {
      data += L2Entry.compressedLength(entry, geometry.clusterBits());
    } else if (L2Entry.offset(entry) != 0) {
      data += geometry.clusterSize();
      if (refcounts.get(geometry.hostCluster(L2Entry.offset(entry))) == 1) {
        exclusive += geometry.clusterSize();
      }
    }
  }
}
