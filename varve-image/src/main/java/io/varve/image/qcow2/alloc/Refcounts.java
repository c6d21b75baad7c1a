// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.alloc;

import io.varve.image.CorruptImageException;
import io.varve.image.ImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.RefcountTableEntry;
import io.varve.image.qcow2.format.RefcountWidth;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.ImageDamage;
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
  private final ImageDamage damage;
  private final Geometry geometry;
  private final MetadataCache cache;
  private final int entriesPerCachedBlock;
  private EntryTable table;

  /// @param damage told of a table that is damaged
  public Refcounts(
      String name, Geometry geometry, MetadataCache cache, EntryTable table, ImageDamage damage) {
    this.name = name;
    this.damage = damage;
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

  /// The first of `count` clusters from `first` on that no refcount block covers, or -1.
  long firstNotCovered(long first, long count) {
    for (long at = first; at < first + count; at = endOfBlock(at)) {
      if (!covered(at)) {
        return at;
      }
    }
    return -1;
  }

  /// The first cluster behind those that the same refcount block covers, or would.
  long endOfBlock(long cluster) {
    int bits = geometry.refcountBlockBits();
    return ((cluster >>> bits) + 1) << bits;
  }

  /// The count, as an unsigned number; 0 where it is not covered.
  public long get(long cluster) throws IOException {
    if (!covered(cluster)) {
      return 0;
    }
    MetadataBlock block = cache.getCounts(positionOf(cluster));
    return RefcountWidth.get(block.bytes(), indexIn(cluster), geometry.refcountOrder());
  }

  /// Stores a count of a covered cluster.
  public void set(long cluster, long count) throws IOException {
    MetadataBlock block = cache.getCounts(positionOf(cluster));
    RefcountWidth.set(block.bytes(), indexIn(cluster), geometry.refcountOrder(), count);
    cache.markDirty(block, WriteStage.BEFORE_REFERENCES);
  }

  /// Stores the same count for `count` covered clusters from `first` on.
  public void set(long first, long count, long value) throws IOException {
    for (long at = first; at < first + count; ) {
      MetadataBlock block = cache.getCounts(positionOf(at));
      int length = lengthIn(at, first + count - at);
      RefcountWidth.fill(block.bytes(), indexIn(at), length, geometry.refcountOrder(), value);
      cache.markDirty(block, WriteStage.BEFORE_REFERENCES);
      at += length;
    }
  }

  /// How many clusters from `first` on, which is covered, have the count 0: at most `most`, and no
  /// more than one cached piece of a refcount block holds.
  long freeFrom(long first, long most) throws IOException {
    MetadataBlock block = cache.getCounts(positionOf(first));
    int index = indexIn(first);
    int length = lengthIn(first, most);
    int used = RefcountWidth.findOther(block.bytes(), index, length, geometry.refcountOrder(), 0);
    return used < 0 ? length : used - index;
  }

  /// Counts one more reference to each of the clusters from `first` on: as many of `count` as one
  /// cached piece of a refcount block holds, which is returned. Nothing has changed after an
  /// exception.
  ///
  /// @throws UnsupportedImageException if the width cannot hold it
  public long increment(long first, long count) throws IOException {
    MetadataBlock block = pieceOf(first);
    int index = indexIn(first);
    int order = geometry.refcountOrder();
    int length = lengthIn(first, count);
    requireReferenced(block, first, length);
    int full = RefcountWidth.find(block.bytes(), index, length, order, geometry.maxRefcount());
    if (full >= 0) {
      throw new UnsupportedImageException(
          "%s: refcount of cluster at %#x: is %s, the most that %d bits can hold; an image with wider"
                  .formatted(
                      name,
                      geometry.hostOffset(first + full - index),
                      Long.toUnsignedString(geometry.maxRefcount()),
                      1 << order)
              + " refcounts (refcount_bits=16) can take it");
    }
    RefcountWidth.add(block.bytes(), index, length, order, 1);
    cache.markDirty(block, WriteStage.BEFORE_REFERENCES);
    return length;
  }

  /// Counts one reference less to clusters from `first` on: as many of `count` as one cached piece
  /// holds, which is returned. Nothing has changed after an exception.
  ///
  /// @param freed told of clusters whose count is 0 now, in rising order
  public long decrement(long first, long count, FreedRun freed) throws IOException {
    MetadataBlock block = pieceOf(first);
    byte[] bytes = block.bytes();
    int index = indexIn(first);
    int order = geometry.refcountOrder();
    int length = lengthIn(first, count);
    requireReferenced(block, first, length);
    RefcountWidth.add(bytes, index, length, order, -1);
    cache.markDirty(block, WriteStage.BEFORE_REFERENCES);
    int end = index + length;
    for (int at = RefcountWidth.find(bytes, index, length, order, 0); at >= 0; ) {
      int other = RefcountWidth.findOther(bytes, at, end - at, order, 0);
      int stop = other < 0 ? end : other;
      freed.freed(first + at - index, stop - at);
      at = RefcountWidth.find(bytes, stop, end - stop, order, 0);
    }
    return length;
  }

  /// Told of neighbouring clusters that nothing refers to any more.
  @FunctionalInterface
  public interface FreedRun {
    void freed(long first, long count) throws IOException;
  }

  private MetadataBlock pieceOf(long cluster) throws IOException {
    if (!covered(cluster)) {
      throw unreferenced(cluster);
    }
    return cache.getCounts(positionOf(cluster));
  }

  /// How many of `count` clusters from `first` on the same cached piece counts.
  private int lengthIn(long first, long count) {
    return (int) Math.min(count, entriesPerCachedBlock - indexIn(first));
  }

  private void requireReferenced(MetadataBlock block, long first, int count)
      throws CorruptImageException {
    int index = indexIn(first);
    int zero = RefcountWidth.find(block.bytes(), index, count, geometry.refcountOrder(), 0);
    if (zero >= 0) {
      throw unreferenced(first + zero - index);
    }
  }

  private CorruptImageException unreferenced(long cluster) {
    return ImageException.inWords(
        "Invalid argument",
        new CorruptImageException(
            "%s: refcount of cluster at %#x: is 0 although the cluster is in use; run a check with repair"
                .formatted(name, geometry.hostOffset(cluster))));
  }

  /// Reads counts of clusters that lie near each other without a lookup each. Valid until a count
  /// changes; for one thread.
  public Cursor cursor() {
    return new Cursor();
  }

  /// See [#cursor()].
  public final class Cursor {
    private long piece = -1;
    private byte[] bytes = {};

    private Cursor() {}

    /// The count, as [Refcounts#get] gives it.
    public long get(long cluster) throws IOException {
      long wanted = cluster / entriesPerCachedBlock;
      if (wanted != piece) {
        if (!covered(cluster)) {
          return 0;
        }
        bytes = cache.getCounts(positionOf(cluster)).bytes();
        piece = wanted;
      }
      return RefcountWidth.get(bytes, indexIn(cluster), geometry.refcountOrder());
    }
  }

  /// The first cluster at or after `from` with the count 0, covered or not.
  public long firstFree(long from) throws IOException {
    long cluster = from;
    while (covered(cluster)) {
      MetadataBlock block = cache.getCounts(positionOf(cluster));
      int index = indexIn(cluster);
      int left = entriesPerCachedBlock - index;
      int free = RefcountWidth.find(block.bytes(), index, left, geometry.refcountOrder(), 0);
      if (free >= 0) {
        return cluster + free - index;
      }
      cluster += left;
    }
    return cluster;
  }

  /// How many clusters below `end` have a count above 0; stops at `most`.
  public long usedBelow(long end, long most) throws IOException {
    long used = 0;
    long cluster = 0;
    while (cluster < end && used < most) {
      if (!covered(cluster)) {
        cluster = ((cluster >>> geometry.refcountBlockBits()) + 1) << geometry.refcountBlockBits();
        continue;
      }
      MetadataBlock block = cache.getCounts(positionOf(cluster));
      int from = indexIn(cluster);
      int count = (int) Math.min(entriesPerCachedBlock - from, end - cluster);
      used += usedIn(block.bytes(), from, from + count);
      cluster += count;
    }
    return used;
  }

  private int usedIn(byte[] block, int from, int to) {
    int order = geometry.refcountOrder();
    int used = 0;
    int i = from;
    while (i < to) {
      int other = RefcountWidth.findOther(block, i, to - i, order, 1);
      if (other < 0) {
        return used + to - i;
      }
      used += other - i + (RefcountWidth.get(block, other, order) != 0 ? 1 : 0);
      i = other + 1;
    }
    return used;
  }

  /// The cluster behind the last one below `end` that has a count above 0.
  public long endOfUsed(long end) throws IOException {
    // Behind the table nothing is counted, however long the file may claim to be.
    long cluster = Math.min(end, (long) table.size() << geometry.refcountBlockBits());
    while (cluster > 0) {
      if (!covered(cluster - 1)) {
        cluster = (cluster - 1) >>> geometry.refcountBlockBits() << geometry.refcountBlockBits();
        continue;
      }
      if (get(cluster - 1) != 0) {
        return cluster;
      }
      cluster--;
    }
    return 0;
  }

  /// Host offset of the refcount block with this table index, checked.
  public long blockOffset(long tableIndex) throws CorruptImageException {
    long entry = table.get((int) tableIndex);
    long offset = RefcountTableEntry.offset(entry);
    if (!geometry.isClusterAligned(offset)) {
      throw damage.fatal(
          "Refblock offset "
              + ImageDamage.hex(offset)
              + " unaligned (reftable index: "
              + ImageDamage.hex(tableIndex)
              + ")");
    }
    if (offset < 0) {
      throw ImageException.inWords(
          "Input/output error",
          new CorruptImageException(
              "%s: refcount table entry %d: expected an offset below 2^63, found %#x"
                  .formatted(name, tableIndex, entry)));
    }
    return offset;
  }

  /// Refuses a table that names a block at a place where none can be.
  public void requireBlocksAligned() throws CorruptImageException {
    for (int i = 0; i < table.size(); i++) {
      long offset = RefcountTableEntry.offset(table.get(i));
      if (!geometry.isClusterAligned(offset)) {
        throw damage.fatal(
            "Cannot get entry from refcount block cache: Offset "
                + ImageDamage.hex(offset)
                + " is unaligned");
      }
    }
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
