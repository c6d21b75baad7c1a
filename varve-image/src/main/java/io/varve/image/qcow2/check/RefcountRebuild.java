// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.CorruptImageException;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.format.RefcountWidth;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/// Writes a new refcount table with its blocks, in one piece at a place that nothing refers to, and
/// takes it into use by one write of 12 bytes to the header. Until then the image is as it was;
/// afterwards nothing counts the old structure, whose clusters are free.
final class RefcountRebuild {
  private final CheckRun damaged;
  private final CheckedImage image;
  private final Geometry geometry;
  private final Storage storage;

  /// What the new structure counts besides itself.
  private References references;

  /// Blocks to write, by their index in the table.
  private final BitSet blocks = new BitSet();

  private long start;
  private int tableClusters;

  RefcountRebuild(CheckRun damaged) {
    this.damaged = damaged;
    this.image = damaged.image;
    this.geometry = image.geometry();
    this.storage = image.storage();
    this.references = damaged.references;
  }

  void run(CheckProgress progress) throws IOException {
    references = CheckRun.withoutRefcounts(image, progress).references;
    references.requireWidth();
    place();
    ByteBuffer table = ByteBuffer.allocate(tableClusters << geometry.clusterBits());
    long at = start + tableClusters;
    for (int index = blocks.nextSetBit(0); index >= 0; index = blocks.nextSetBit(index + 1)) {
      long offset = geometry.hostOffset(at++);
      table.putLong(index * Long.BYTES, offset);
      storage.write(offset, ByteBuffer.wrap(block(index)));
    }
    storage.write(geometry.hostOffset(start), table);
    storage.flush();
    ByteBuffer fields = ByteBuffer.allocate(12);
    fields.putLong(geometry.hostOffset(start)).putInt(tableClusters);
    storage.write(Header.REFCOUNT_TABLE_AT, fields.flip());
    storage.flush();
  }

  /// Finds a size that has room for the blocks that count the structure itself, and a place for it.
  private void place() throws IOException {
    long needed = 0;
    do {
      tableClusters = (int) needed;
      findBlocks();
      start = findRoom(needed);
      if (needed > 0) {
        blocks.set(indexOf(start), indexOf(start + needed - 1) + 1);
      }
      long tableBytes = (long) blocks.length() * Long.BYTES;
      if (tableBytes > Limits.MAX_REFCOUNT_TABLE_BYTES) {
        throw new CorruptImageException(
            storage.name()
                + ": refcount table: a new one would need "
                + tableBytes
                + " bytes, the limit is 8 MiB; convert it to an image with larger clusters");
      }
      tableClusters = (int) geometry.clustersFor(tableBytes);
      if (needed >= tableClusters + blocks.cardinality()) {
        return;
      }
      needed = (long) tableClusters + blocks.cardinality();
    } while (true);
  }

  private void findBlocks() throws IOException {
    blocks.clear();
    long clusters = references.clusters();
    long cluster = references.next(0, clusters);
    while (cluster < clusters) {
      int index = indexOf(cluster);
      blocks.set(index);
      cluster = references.next((index + 1L) << geometry.refcountBlockBits(), clusters);
    }
    for (int index = 0; index < damaged.refcounts.tableEntries(); index++) {
      if (damaged.refcounts.firstCluster(index) < clusters && keptBlock(index) != null) {
        blocks.set(index);
      }
    }
  }

  /// The old block where it must be kept: where a part of the image could not be followed, a count
  /// may stand for something that is not known.
  private byte @org.jspecify.annotations.Nullable [] keptBlock(int index) throws IOException {
    return damaged.tally.isIncomplete() ? damaged.refcounts.block(index) : null;
  }

  /// First of `count` clusters that nothing refers to: behind the end of the file, or inside it
  /// where the storage cannot grow or a damaged entry points there.
  private long findRoom(long count) throws IOException {
    long end = Math.max(image.clusters(), damaged.references.clusters());
    boolean grows = !storage.capabilities().fixedSize();
    if (grows && !damaged.references.anyRefused(end, count)) {
      return end;
    }
    long limit = image.fileLength() >>> geometry.clusterBits();
    long run = 0;
    for (long cluster = limit - 1; cluster >= 0; cluster--) {
      run = isFree(cluster) ? run + 1 : 0;
      if (run >= count) {
        return cluster;
      }
    }
    if (grows) {
      throw new CorruptImageException(
          storage.name()
              + ": damaged entries point behind the end of the file, where a new refcount structure"
              + " would go; restore the image from a copy");
    }
    throw new NoSpaceException(
        storage.name() + ": no room for a new refcount structure of " + count + " clusters");
  }

  private boolean isFree(long cluster) throws IOException {
    if (damaged.references.get(cluster) != 0 || damaged.references.anyRefused(cluster, 1)) {
      return false;
    }
    int index = indexOf(cluster);
    byte[] kept = keptBlock(index);
    return kept == null || count(kept, cluster) == 0;
  }

  private byte[] block(int index) throws IOException {
    byte[] block = new byte[image.clusterSize()];
    byte[] kept = keptBlock(index);
    long first = (long) index << geometry.refcountBlockBits();
    long own = (long) tableClusters + blocks.cardinality();
    for (int i = 0; i < geometry.refcountBlockEntries(); i++) {
      long cluster = first + i;
      long count = references.get(cluster);
      if (cluster >= start && cluster < start + own) {
        count = 1;
      } else if (kept != null && Long.compareUnsigned(count(kept, cluster), count) > 0) {
        count = count(kept, cluster);
      }
      RefcountWidth.set(block, i, geometry.refcountOrder(), count);
    }
    return block;
  }

  private long count(byte[] block, long cluster) {
    int at = (int) (cluster & (geometry.refcountBlockEntries() - 1));
    return RefcountWidth.get(block, at, geometry.refcountOrder());
  }

  private int indexOf(long cluster) {
    return (int) (cluster >>> geometry.refcountBlockBits());
  }
}
