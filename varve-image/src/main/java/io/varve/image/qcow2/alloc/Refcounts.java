// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.alloc;

import io.varve.image.CorruptImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.RefcountTableEntry;
import io.varve.image.qcow2.format.RefcountWidth;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.MetadataBlock;
import io.varve.image.qcow2.metadata.MetadataCache;
import io.varve.image.qcow2.metadata.WriteStage;
import java.io.IOException;

/// The reference count of each host cluster (spec: "Reference count handling").
///
/// It reads and changes counts; it never allocates. A cluster whose refcount block does not exist
/// has the count 0 and is *not covered*: [RefcountGrowth] adds blocks. Guarded by the layer's lock.
public final class Refcounts {
  private final String name;
  private final Geometry geometry;
  private final MetadataCache cache;
  private final int entriesPerCachedBlock;
  private EntryTable table;

  public Refcounts(String name, Geometry geometry, MetadataCache cache, EntryTable table) {
    this.name = name;
    this.geometry = geometry;
    this.cache = cache;
    this.table = table;
    this.entriesPerCachedBlock = cache.blockSize() * 8 >> geometry.refcountOrder();
  }

  public EntryTable table() {
    return table;
  }

  void replaceTable(EntryTable larger) {
    table = larger;
  }

  /// True if a refcount block holds the count of this cluster.
  public boolean covered(long cluster) {
    long index = cluster >>> geometry.refcountBlockBits();
    return index < table.size() && RefcountTableEntry.offset(table.get((int) index)) != 0;
  }

  /// The count, as an unsigned number; 0 where it is not covered.
  public long get(long cluster) throws IOException {
    if (!covered(cluster)) {
      return 0;
    }
    MetadataBlock block = cache.get(positionOf(cluster));
    return RefcountWidth.get(block.bytes(), indexIn(cluster), geometry.refcountOrder());
  }

  /// Stores a count of a covered cluster.
  public void set(long cluster, long count) throws IOException {
    MetadataBlock block = cache.get(positionOf(cluster));
    RefcountWidth.set(block.bytes(), indexIn(cluster), geometry.refcountOrder(), count);
    cache.markDirty(block, WriteStage.BEFORE_REFERENCES);
  }

  /// Counts one more reference and returns the new count.
  ///
  /// @throws UnsupportedImageException if the width cannot hold it; nothing has changed then
  public long increment(long cluster) throws IOException {
    long count = get(cluster);
    if (count == geometry.maxRefcount()) {
      throw new UnsupportedImageException(
          "%s: refcount of cluster at %#x: is %s, the most that %d bits can hold; an image with wider"
                  .formatted(
                      name,
                      geometry.hostOffset(cluster),
                      Long.toUnsignedString(count),
                      1 << geometry.refcountOrder())
              + " refcounts (refcount_bits=16) can take it");
    }
    requireReferenced(cluster, count);
    set(cluster, count + 1);
    return count + 1;
  }

  /// Counts one reference less and returns the new count.
  public long decrement(long cluster) throws IOException {
    long count = get(cluster);
    requireReferenced(cluster, count);
    set(cluster, count - 1);
    return count - 1;
  }

  private void requireReferenced(long cluster, long count) throws CorruptImageException {
    if (count == 0) {
      throw new CorruptImageException(
          "%s: refcount of cluster at %#x: is 0 although the cluster is in use; run a check with repair"
              .formatted(name, geometry.hostOffset(cluster)));
    }
  }

  /// The first cluster at or after `from` with the count 0, covered or not.
  public long firstFree(long from) throws IOException {
    long cluster = from;
    while (covered(cluster)) {
      MetadataBlock block = cache.get(positionOf(cluster));
      int index = indexIn(cluster);
      for (; index < entriesPerCachedBlock; index++, cluster++) {
        if (RefcountWidth.get(block.bytes(), index, geometry.refcountOrder()) == 0) {
          return cluster;
        }
      }
    }
    return cluster;
  }

  /// Host offset of the refcount block with this table index, checked.
  public long blockOffset(long tableIndex) throws CorruptImageException {
    long entry = table.get((int) tableIndex);
    long offset = RefcountTableEntry.offset(entry);
    if (RefcountTableEntry.reservedBitsSet(entry)
        || !geometry.isClusterAligned(offset)
        || offset < 0
        || offset > Geometry.MAX_HOST_OFFSET) {
      throw new CorruptImageException(
          "%s: refcount table entry %d: expected a cluster-aligned offset below 2^56, found %#x"
              .formatted(name, tableIndex, entry));
    }
    return offset;
  }

  private long positionOf(long cluster) throws CorruptImageException {
    int bits = geometry.refcountBlockBits();
    long inBlock = cluster & ((1L << bits) - 1);
    return blockOffset(cluster >>> bits) + ((inBlock << geometry.refcountOrder()) >>> 3);
  }

  private int indexIn(long cluster) {
    return (int) cluster & (entriesPerCachedBlock - 1);
  }
}
