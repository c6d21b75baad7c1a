// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.Below;
import io.varve.image.ImageException;
import io.varve.image.Preallocation;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.HeaderFields;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;

/// Changes the size of the disk that an image describes. Under the layer's exclusive lock.
///
/// Growing past what the L1 table maps first moves that table: the new one is durable before one
/// header write names it. Then what the new area shall read (zeros, whatever the base or leftovers
/// behind the old end hold) is made durable, and last the new size. Shrinking goes the other way:
/// the smaller size first, then what lay behind the new end is given up. So a crash leaves the disk
/// with its old or its new size, and clusters behind its end at worst.
public final class Resizer {
  private final ImageParts parts;
  private final Geometry geometry;

  public Resizer(ImageParts parts) {
    this.parts = parts;
    this.geometry = parts.geometry();
  }

  /// Refuses what the format cannot do; nothing has changed then.
  public void requirePossible(long newSize) throws UnsupportedImageException {
    String name = parts.storage().name();
    if (newSize < 0 || newSize % 512 != 0) {
      throw new UnsupportedImageException(
          name + ": a disk size must be a multiple of 512 bytes, found " + newSize);
    }
    if (geometry.l1EntriesFor(newSize) * Long.BYTES > Limits.MAX_L1_BYTES) {
      throw new UnsupportedImageException(
          "%s: a disk of %d bytes needs an L1 table over 32 MiB at clusters of %d bytes; use larger"
                  .formatted(name, newSize, geometry.clusterSize())
              + " clusters");
    }
    if (parts.version() < 3 && parts.header().snapshotCount() > 0) {
      throw new UnsupportedImageException(
          name
              + ": a version 2 image with internal snapshots cannot be resized; delete the"
              + " snapshots or convert it to version 3");
    }
  }

  /// Makes sure that the L1 table can map a disk of that size; the size stays.
  public void growTable(ActiveTree active, long newSize) throws IOException {
    EntryTable l1 = active.map().l1();
    int needed = (int) geometry.l1EntriesFor(newSize);
    if (needed <= l1.size()) {
      return;
    }
    parts.flushOrder().commit();
    long clusters = geometry.clustersFor((long) needed * Long.BYTES);
    parts.storage().announce(StorageEvent.L1_GROW_ALLOC_TABLE);
    ClusterRun run = parts.allocator().allocate(clusters);
    long offset = geometry.hostOffset(run.first());
    long[] entries = l1.copyOfEntries(needed);
    try {
      if (!run.blank()) {
        parts.storage().zero(offset, clusters * geometry.clusterSize());
      }
      parts.storage().announce(StorageEvent.L1_GROW_WRITE_TABLE);
      EntryTable.store(parts.storage(), offset, entries);
      parts.flushOrder().commitCounts();
    } catch (IOException e) {
      parts.allocator().unallocate(run.first(), run.count());
      throw e;
    }
    parts.storage().announce(StorageEvent.L1_GROW_ACTIVATE_TABLE);
    parts.header().writeSizeAndL1(parts.header().diskSize(), needed, offset);
    parts.flushOrder().barrier();

    parts.metadata().add(run.first(), run.count());
    if (l1.size() > 0) {
      long oldClusters = geometry.clustersFor(l1.byteLength());
      parts.dropped().drop(geometry.hostCluster(l1.offset()), oldClusters);
    }
    active.switchTo(new EntryTable(offset, entries));
    parts.flushOrder().commit();
  }

  /// Grows the disk; its L1 table is large enough already. The new area reads as zero.
  ///
  /// @param ahead what is set aside for the data to come
  public void grow(ActiveTree active, long oldSize, long newSize, Below below, Preallocation ahead)
      throws IOException {
    boolean hidesBase = below.reachesBehind(oldSize);
    boolean toNewClusters = geometry.clustersFor(oldSize) < geometry.clustersFor(newSize);
    if (hidesBase && toNewClusters && parts.version() < 3 && parts.rules().qemuLayout()) {
      throw ImageException.inWords(
          "Failed to zero out new clusters: Operation not supported",
          new UnsupportedImageException(
              parts.storage().name()
                  + ": a version 2 image cannot hide the rest of its longer base from what it grows"
                  + " by; convert it to version 3"));
    }
    if (hidesBase && (parts.version() >= 3 || parts.rules().qemuLayout())) {
      // As in QEMU, also where the base is zero now: it may be another base tomorrow.
      active.zeros().zero(oldSize, newSize, newSize, ZeroMode.UNMAP, below);
    } else {
      active.zeros().zeroWhereNeeded(oldSize, newSize, newSize, below);
    }
    Preallocation mode =
        parts.data().raw() && ahead == Preallocation.OFF ? Preallocation.METADATA : ahead;
    new Preallocator(parts, active, mode).allocate(oldSize, newSize);
    parts.data().resizeDataFile(newSize);
    parts.flushOrder().commit();
    writeSize(newSize);
  }

  private void writeSize(long newSize) throws IOException {
    HeaderFields header = parts.header();
    header.writeSizeAndL1(newSize, header.l1Size(), header.l1Offset());
    parts.flushOrder().barrier();
  }

  /// Shrinks the disk and gives up what lay behind the new end.
  public void shrink(ActiveTree active, long oldSize, long newSize) throws IOException {
    parts.flushOrder().commit();
    writeSize(newSize);
    long cluster = geometry.clusterSize();
    active.zeros().drop((newSize + cluster - 1) & -cluster, (oldSize + cluster - 1) & -cluster);
    parts.storage().announce(StorageEvent.L1_SHRINK_WRITE_TABLE);
    EntryTable l1 = active.map().l1();
    int end = (int) Math.min(l1.size(), geometry.l1EntriesFor(oldSize));
    for (int i = (int) geometry.l1EntriesFor(newSize); i < end; i++) {
      long table = L1Entry.offset(l1.get(i));
      if (table != 0) {
        l1.set(i, 0);
        parts.dropped().drop(geometry.hostCluster(table));
      }
    }
    parts.storage().announce(StorageEvent.L1_SHRINK_FREE_L2_CLUSTERS);
    parts.refcounts().requireBlocksAligned();
    parts.flushOrder().commit();
    parts.flushOrder().commitCounts();
    parts.data().resizeDataFile(newSize);
    FileTail.cut(parts);
  }
}
