// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.alloc;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.RefcountWidth;
import io.varve.image.qcow2.metadata.ClusterSet;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.FlushOrder;
import io.varve.image.qcow2.metadata.HeaderFields;
import io.varve.image.qcow2.metadata.MetadataCache;
import io.varve.image.qcow2.metadata.OverlapCheck;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Adds refcount blocks, and a larger refcount table when the blocks outgrow it.
///
/// A new block takes the next free cluster, behind the clusters that made it necessary. A larger
/// table moves: table and blocks are written past everything in use, made durable, and one 12-byte
/// header write switches over (spec: "Reference count handling"; flush order in [FlushOrder]).
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
  private final OverlapCheck overlaps;

  public RefcountBlocks(
      Storage storage,
      Geometry geometry,
      Refcounts refcounts,
      ClusterAllocator allocator,
      MetadataCache cache,
      FlushOrder flushOrder,
      HeaderFields header,
      ClusterSet metadata,
      OverlapCheck overlaps) {
    this.storage = storage;
    this.geometry = geometry;
    this.refcounts = refcounts;
    this.allocator = allocator;
    this.cache = cache;
    this.flushOrder = flushOrder;
    this.header = header;
    this.metadata = metadata;
    this.overlaps = overlaps;
  }

  @Override
  public void cover(long cluster) throws IOException {
    if (refcounts.covered(cluster)) {
      return;
    }
    long index = cluster >>> geometry.refcountBlockBits();
    long block = allocator.find(1);
    allocator.requireRoom(block, 1);
    allocator.requireNotFirst(block, "refcount block");
    overlaps.requireFree(block, 1);
    if (index < refcounts.table().size()) {
      addBlock(index, block);
    } else {
      growTable(cluster, block);
    }
  }

  /// Hooks up a new block, which counts itself or is counted elsewhere. If that place has no block
  /// either, that one comes first, and the caller asks again.
  private void addBlock(long index, long block) throws IOException {
    if (block >>> geometry.refcountBlockBits() != index && !refcounts.covered(block)) {
      cover(block);
      return;
    }
    storage.announce(StorageEvent.REFBLOCK_ALLOC_WRITE);
    makeBlank(block, 1);
    refcounts.table().set((int) index, geometry.hostOffset(block));
    metadata.add(block);
    refcounts.set(block, 1);
  }

  private void makeBlank(long first, long count) throws IOException {
    long position = geometry.hostOffset(first);
    long length = count * geometry.clusterSize();
    cache.drop(position, length);
    if (!allocator.blank(first)) {
      storage.zero(position, length);
    } else if (count == 1) {
      // Whole, as QEMU writes it: a table that is a hole in part looks preallocated.
      storage.write(position, ByteBuffer.allocate(geometry.clusterSize()));
    }
    allocator.usedUpTo(first + count);
  }

  /// Moves the table to an area of its own that begins where a block's range begins, behind
  /// everything in use: blocks first, which count the area, then the table, half as large again as
  /// needed.
  ///
  /// @param block becomes the block that covers `cluster`, unless that lies in the area
  private void growTable(long cluster, long block) throws IOException {
    storage.announce(StorageEvent.REFTABLE_GROW);
    flushOrder.commitCounts();
    int bits = geometry.refcountBlockBits();
    long first = ((Math.max(cluster, block) >>> bits) + 1) << bits;
    long blocksInAll = blocksFor(first);
    long entries = blocksInAll + (blocksInAll + 1) / 2;
    long tableClusters = geometry.clustersFor(entries * Long.BYTES);
    requireTableFits(tableClusters);
    long areaBlocks = blocksInAll - (first >>> bits);
    allocator.requireRoom(first, tableClusters + areaBlocks);
    overlaps.requireFree(first, tableClusters + areaBlocks);
    switchTo(new Growth(cluster, block, first, areaBlocks, tableClusters));
  }

  /// A larger table and where it goes.
  ///
  /// @param first the first cluster of the area
  /// @param areaBlocks refcount blocks at its start
  private record Growth(long cluster, long block, long first, long areaBlocks, long tableClusters) {
    long tableFirst() {
      return first + areaBlocks;
    }

    long end() {
      return first + areaBlocks + tableClusters;
    }
  }

  /// How many blocks count `clusters` clusters, the blocks themselves and their table, with some
  /// room to grow.
  private long blocksFor(long clusters) {
    long wanted = clusters;
    boolean roomAdded = false;
    long blocks = 0;
    long table = 0;
    for (long last = -1; ; ) {
      blocks = ceilShift(wanted + table + blocks, geometry.refcountBlockBits());
      table = geometry.clustersFor(blocks * Long.BYTES);
      long sum = wanted + blocks + table;
      if (sum == last && roomAdded) {
        return blocks;
      }
      if (sum == last) {
        roomAdded = true;
        wanted += (table + 1) / 2;
        sum = 0;
      }
      last = sum;
    }
  }

  private static long ceilShift(long value, int bits) {
    return (value + (1L << bits) - 1) >>> bits;
  }

  private void requireTableFits(long tableClusters) throws NoSpaceException {
    if (tableClusters * geometry.clusterSize() > MAX_TABLE_BYTES) {
      throw new NoSpaceException(
          storage.name()
              + ": the refcount table has reached 8 MiB, the most that QEMU opens; larger clusters"
              + " (cluster_size=65536 and up) hold more");
    }
  }

  private void switchTo(Growth growth) throws IOException {
    EntryTable old = refcounts.table();
    storage.announce(StorageEvent.REFBLOCK_ALLOC_WRITE_BLOCKS);
    makeBlank(growth.first(), growth.end() - growth.first());
    int entries = (int) (growth.tableClusters() * geometry.clusterSize() / Long.BYTES);
    long[] larger = old.copyOfEntries(entries);
    writeOwnBlock(growth, larger);
    int firstIndex = (int) (growth.first() >>> geometry.refcountBlockBits());
    for (int i = 0; i < growth.areaBlocks(); i++) {
      long offset = geometry.hostOffset(growth.first() + i);
      larger[firstIndex + i] = offset;
      byte[] counts = countingBlock(firstIndex + i, growth.first(), growth.end());
      storage.write(offset, ByteBuffer.wrap(counts));
    }
    long tableOffset = geometry.hostOffset(growth.tableFirst());
    storage.announce(StorageEvent.REFBLOCK_ALLOC_WRITE_TABLE);
    EntryTable.store(storage, tableOffset, larger);
    flushOrder.barrier();
    storage.announce(StorageEvent.REFBLOCK_ALLOC_SWITCH_TABLE);
    header.writeRefcountTable(tableOffset, (int) growth.tableClusters());
    flushOrder.barrier();

    EntryTable table = new EntryTable(tableOffset, larger);
    refcounts.replaceTable(table);
    flushOrder.attachRefcountTable(table);
    metadata.add(growth.first(), growth.end() - growth.first());
    freeOldTable(old);
  }

  /// The block outside of the area: it counts itself, or is counted by a block that exists.
  private void writeOwnBlock(Growth growth, long[] larger) throws IOException {
    int bits = geometry.refcountBlockBits();
    long index = growth.cluster() >>> bits;
    long block = growth.block();
    boolean ownRange = block >>> bits == index;
    if (!ownRange && !refcounts.covered(block)) {
      return;
    }
    makeBlank(block, 1);
    byte[] counts = countingBlock(index, block, ownRange ? block + 1 : block);
    storage.write(geometry.hostOffset(block), ByteBuffer.wrap(counts));
    if (!ownRange) {
      refcounts.set(block, 1);
      flushOrder.commitCounts();
    }
    larger[(int) index] = geometry.hostOffset(block);
    metadata.add(block);
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
