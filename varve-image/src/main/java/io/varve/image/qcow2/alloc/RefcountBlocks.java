// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.alloc;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.RefcountWidth;
import io.varve.image.qcow2.metadata.ClusterSet;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.FlushOrder;
import io.varve.image.qcow2.metadata.HeaderFields;
import io.varve.image.qcow2.metadata.MetadataCache;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Adds refcount blocks, and a larger refcount table when the blocks outgrow it.
///
/// New blocks lie at the start of the stretch they make allocatable and count themselves, so
/// nothing recurses. A larger table moves: table and blocks are written past everything in use,
/// made durable, and one 12-byte header write switches over (spec: "Reference count handling";
/// flush order in [FlushOrder]).
public final class RefcountBlocks implements ClusterAllocator.RefcountGrowth {
  /// QEMU opens no image with a larger refcount table (`QCOW_MAX_REFTABLE_SIZE`).
  private static final long MAX_TABLE_BYTES = 8L << 20;

  private final Storage storage;
  private final Geometry geometry;
  private final Refcounts refcounts;
  private final ClusterAllocator allocator;
  private final MetadataCache cache;
  private final FlushOrder flushOrder;
  private final HeaderFields header;
  private final ClusterSet metadata;

  public RefcountBlocks(
      Storage storage,
      Geometry geometry,
      Refcounts refcounts,
      ClusterAllocator allocator,
      MetadataCache cache,
      FlushOrder flushOrder,
      HeaderFields header,
      ClusterSet metadata) {
    this.storage = storage;
    this.geometry = geometry;
    this.refcounts = refcounts;
    this.allocator = allocator;
    this.cache = cache;
    this.flushOrder = flushOrder;
    this.header = header;
    this.metadata = metadata;
  }

  @Override
  public boolean cover(long cluster, long room) throws IOException {
    if (refcounts.covered(cluster)) {
      return false;
    }
    long needed = blocksFor(cluster, room);
    long lastIndex = (cluster + needed + room - 1) >>> geometry.refcountBlockBits();
    if (lastIndex >= refcounts.table().size()) {
      growTable(cluster, room, lastIndex);
    } else {
      addBlocks(cluster, room);
    }
    return true;
  }

  @Override
  public boolean coverFrom(long first, long free, long room) throws IOException {
    long needed = blocksFor(first, room);
    long lastIndex = (first + needed + room - 1) >>> geometry.refcountBlockBits();
    if (needed == 0 || needed > free || lastIndex >= refcounts.table().size()) {
      return false;
    }
    addBlocks(first, room);
    return true;
  }

  /// Blocks missing for `room` clusters plus these blocks themselves, laid out from `cluster` on.
  private long blocksFor(long cluster, long room) {
    long needed = 0;
    long counted;
    do {
      counted = needed;
      long lastIndex = (cluster + counted + room - 1) >>> geometry.refcountBlockBits();
      needed = 0;
      for (long i = cluster >>> geometry.refcountBlockBits(); i <= lastIndex; i++) {
        if (!refcounts.covered(i << geometry.refcountBlockBits())) {
          needed++;
        }
      }
    } while (needed != counted);
    return needed;
  }

  private void addBlocks(long cluster, long room) throws IOException {
    long count = blocksFor(cluster, room);
    allocator.requireRoom(cluster, count);
    for (long i = 0; i < count; i++) {
      allocator.requireNotMetadata(cluster + i);
    }
    makeBlank(cluster, count);
    long index = cluster >>> geometry.refcountBlockBits();
    for (long i = 0; i < count; index++) {
      if (!refcounts.covered(index << geometry.refcountBlockBits())) {
        refcounts.table().set((int) index, geometry.hostOffset(cluster + i));
        metadata.add(cluster + i);
        i++;
      }
    }
    for (long i = 0; i < count; i++) {
      refcounts.set(cluster + i, 1);
    }
  }

  private void makeBlank(long first, long count) throws IOException {
    long position = geometry.hostOffset(first);
    long length = count * geometry.clusterSize();
    cache.drop(position, length);
    if (!allocator.blank(first)) {
      storage.zero(position, length);
    }
    allocator.usedUpTo(first + count);
  }

  private void growTable(long cluster, long room, long lastIndex) throws IOException {
    flushOrder.commitCounts();
    EntryTable old = refcounts.table();
    long bits = geometry.refcountBlockBits();
    boolean clear = nothingCoveredFrom(cluster >>> bits);
    long first = clear ? cluster : Math.max(cluster, (long) old.size() << bits);
    long behind = clear ? room : 1;
    long firstIndex = first >>> bits;
    long tableClusters = 0;
    long blocks = 0;
    for (boolean grew = true; grew; ) {
      long end = ((first + tableClusters + blocks + behind - 1) >>> bits) + 1;
      long entries = Math.max(end, lastIndex + 1) * 3 / 2 + 1;
      long tableNow = geometry.clustersFor(entries * Long.BYTES);
      long blocksNow = end - firstIndex;
      grew = tableNow > tableClusters || blocksNow > blocks;
      tableClusters = tableNow;
      blocks = blocksNow;
    }
    requireTableFits(tableClusters);
    allocator.requireRoom(first, tableClusters + blocks);
    long used = metadata.first(first, tableClusters + blocks);
    if (used >= 0) {
      allocator.requireNotMetadata(used);
    }
    switchTo(old, first, tableClusters, blocks);
  }

  private boolean nothingCoveredFrom(long index) {
    for (long i = index; i < refcounts.table().size(); i++) {
      if (refcounts.covered(i << geometry.refcountBlockBits())) {
        return false;
      }
    }
    return true;
  }

  private void requireTableFits(long tableClusters) throws NoSpaceException {
    if (tableClusters * geometry.clusterSize() > MAX_TABLE_BYTES) {
      throw new NoSpaceException(
          storage.name()
              + ": the refcount table has reached 8 MiB, the most that QEMU opens; larger clusters"
              + " (cluster_size=65536 and up) hold more");
    }
  }

  private void switchTo(EntryTable old, long first, long tableClusters, long blocks)
      throws IOException {
    long used = first + tableClusters + blocks;
    makeBlank(first, tableClusters + blocks);
    int entries = (int) (tableClusters * geometry.clusterSize() / Long.BYTES);
    long[] larger = old.copyOfEntries(entries);
    long firstBlock = first + tableClusters;
    long firstIndex = first >>> geometry.refcountBlockBits();
    for (long i = 0; i < blocks; i++) {
      larger[(int) (firstIndex + i)] = geometry.hostOffset(firstBlock + i);
      storage.write(
          geometry.hostOffset(firstBlock + i),
          ByteBuffer.wrap(countingBlock(firstIndex + i, first, used)));
    }
    long tableOffset = geometry.hostOffset(first);
    EntryTable.store(storage, tableOffset, larger);
    flushOrder.barrier();
    header.writeRefcountTable(tableOffset, (int) tableClusters);
    flushOrder.barrier();

    EntryTable table = new EntryTable(tableOffset, larger);
    refcounts.replaceTable(table);
    flushOrder.attachRefcountTable(table);
    metadata.add(first, tableClusters + blocks);
    freeOldTable(old);
  }

  /// A block that counts 1 for those clusters of its range that lie in `[first, end)`.
  private byte[] countingBlock(long tableIndex, long first, long end) {
    byte[] block = new byte[geometry.clusterSize()];
    long base = tableIndex << geometry.refcountBlockBits();
    long from = Math.max(first, base);
    long to = Math.min(end, base + geometry.refcountBlockEntries());
    for (long cluster = from; cluster < to; cluster++) {
      RefcountWidth.set(block, (int) (cluster - base), geometry.refcountOrder(), 1);
    }
    return block;
  }

  private void freeOldTable(EntryTable old) throws IOException {
    long first = geometry.hostCluster(old.offset());
    long end = first + geometry.clustersFor(old.byteLength());
    metadata.remove(first, end - first);
    for (long at = first; at < end; ) {
      at += refcounts.decrement(at, end - at, (from, _) -> allocator.mayBeFree(from));
    }
  }
}
