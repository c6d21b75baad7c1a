// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.CorruptImageException;
import io.varve.image.ImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.format.RefcountTableEntry;
import io.varve.image.qcow2.format.RefcountWidth;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/// Counts with another width: a new table and its blocks are written behind the end of the image,
/// with no count for the old ones, and one write inside the first sector of the header takes them
/// into use. Until then the image is as it was.
public final class RefcountWidthChange {
  private static final int ORDER_END = 100;

  private final Storage storage;
  private final Header header;
  private final Geometry old;
  private final Geometry wanted;
  private final long[] oldTable;

  /// Clusters that the old structure takes.
  private final Set<Long> given = new HashSet<>();

  /// New blocks that count something, by their index in the table.
  private final BitSet blocks = new BitSet();

  private final long start;
  private int tableClusters;
  private long loaded = -1;
  private byte[] block = new byte[0];

  private RefcountWidthChange(Storage storage, Header header, int order) throws IOException {
    this.storage = storage;
    this.header = header;
    this.old = header.geometry();
    this.wanted = new Geometry(header.clusterBits(), header.extendedL2(), order);
    int entries = (int) (((long) header.refcountTableClusters() << header.clusterBits()) / 8);
    EntryTable table = EntryTable.load(storage, header.refcountTableOffset(), entries);
    this.oldTable = new long[entries];
    for (int i = 0; i < entries; i++) {
      oldTable[i] = RefcountTableEntry.offset(table.get(i));
      if (oldTable[i] < 0 || !old.isClusterAligned(oldTable[i])) {
        throw ImageException.inWords(
            "Input/output error",
            new CorruptImageException(
                "%s: refcount table entry %d: found offset %#x; repair it first (check -r all)"
                    .formatted(storage.name(), i, oldTable[i])));
      }
    }
    this.start = old.clustersFor(storage.size());
  }

  /// Changes the width of a closed version 3 image that the caller holds alone.
  ///
  /// @param bits 1, 2, 4, 8, 16, 32 or 64
  /// @throws UnsupportedImageException if a count does not fit
  /// @throws CorruptImageException if its refcount table is damaged
  public static void run(Storage storage, int bits, CheckProgress progress) throws IOException {
    int order = Integer.numberOfTrailingZeros(bits);
    if (Integer.bitCount(bits) != 1 || order > Limits.MAX_REFCOUNT_ORDER) {
      throw new UnsupportedImageException(
          "Refcount width must be a power of two and may not exceed 64 bits");
    }
    Header header = HeaderFile.read(storage).header();
    if (header.refcountOrder() == order) {
      return;
    }
    RefcountWidthChange change = new RefcountWidthChange(storage, header, order);
    change.findOwn();
    change.findBlocks(progress);
    change.place();
    change.write(progress);
    change.takeIntoUse();
  }

  private void findOwn() {
    long table = header.refcountTableOffset() >>> header.clusterBits();
    for (int i = 0; i < header.refcountTableClusters(); i++) {
      given.add(table + i);
    }
    for (long offset : oldTable) {
      if (offset != 0) {
        given.add(offset >>> header.clusterBits());
      }
    }
  }

  /// The count that the new structure keeps, of a cluster that lies in the image today.
  private long count(long cluster) throws IOException {
    int index = (int) (cluster >>> old.refcountBlockBits());
    if (index >= oldTable.length || oldTable[index] == 0) {
      return 0;
    }
    if (loaded != index) {
      ByteBuffer bytes = ByteBuffer.allocate(header.clusterSize());
      storage.read(oldTable[index], bytes);
      block = bytes.array();
      loaded = index;
    }
    int at = (int) (cluster & (old.refcountBlockEntries() - 1));
    long count = RefcountWidth.get(block, at, header.refcountOrder());
    return count != 0 && given.contains(cluster) ? count - 1 : count;
  }

  private void findBlocks(CheckProgress progress) throws IOException {
    int bits = 1 << wanted.refcountOrder();
    for (long cluster = 0; cluster < start; cluster++) {
      long count = count(cluster);
      if (count != 0) {
        if (bits < Long.SIZE && Long.compareUnsigned(count, (1L << bits) - 1) > 0) {
          throw new UnsupportedImageException(
              "Cannot decrease refcount entry width to %d bits: Cluster at offset %#x has a refcount of %s"
                  .formatted(bits, old.hostOffset(cluster), Long.toUnsignedString(count)));
        }
        blocks.set(indexOf(cluster));
      }
      if ((cluster & 0xffff) == 0) {
        progress.advance(cluster / 2, start);
      }
    }
  }

  /// Finds a size that has room for the blocks that count the structure itself.
  private void place() throws IOException {
    long size = 0;
    while (size != tableClusters + blocks.cardinality() || size == 0) {
      size = (long) tableClusters + blocks.cardinality();
      blocks.set(indexOf(start), indexOf(start + Math.max(1, size) - 1) + 1);
      long tableBytes = (long) blocks.length() * Long.BYTES;
      if (tableBytes > Limits.MAX_REFCOUNT_TABLE_BYTES) {
        throw new UnsupportedImageException(
            storage.name()
                + ": refcounts of that width need a table above 8 MiB; convert the image to larger"
                + " clusters instead");
      }
      tableClusters = (int) wanted.clustersFor(tableBytes);
    }
  }

  private void write(CheckProgress progress) throws IOException {
    ByteBuffer table = ByteBuffer.allocate(tableClusters << header.clusterBits());
    long at = start + tableClusters;
    for (int index = blocks.nextSetBit(0); index >= 0; index = blocks.nextSetBit(index + 1)) {
      long offset = wanted.hostOffset(at++);
      table.putLong(index * Long.BYTES, offset);
      storage.write(offset, ByteBuffer.wrap(block(index)));
      progress.advance((blocks.length() + index) / 2, blocks.length());
    }
    storage.write(wanted.hostOffset(start), table);
    storage.flush();
  }

  private byte[] block(int index) throws IOException {
    byte[] bytes = new byte[header.clusterSize()];
    long first = (long) index << wanted.refcountBlockBits();
    long end = start + tableClusters + blocks.cardinality();
    for (int i = 0; i < wanted.refcountBlockEntries() && first + i < end; i++) {
      long cluster = first + i;
      RefcountWidth.set(bytes, i, wanted.refcountOrder(), cluster < start ? count(cluster) : 1);
    }
    return bytes;
  }

  /// Bytes 48 to 99 hold the table's place and, at their end, the width; what lies between stays.
  private void takeIntoUse() throws IOException {
    ByteBuffer fields = ByteBuffer.allocate(ORDER_END - Header.REFCOUNT_TABLE_AT);
    storage.read(Header.REFCOUNT_TABLE_AT, fields);
    fields.putLong(0, wanted.hostOffset(start)).putInt(8, tableClusters);
    fields.putInt(fields.capacity() - 4, wanted.refcountOrder());
    storage.write(Header.REFCOUNT_TABLE_AT, fields.flip());
    storage.flush();
    for (long cluster : given) {
      storage.punch(old.hostOffset(cluster), header.clusterSize());
    }
  }

  private int indexOf(long cluster) {
    return (int) (cluster >>> wanted.refcountBlockBits());
  }
}
