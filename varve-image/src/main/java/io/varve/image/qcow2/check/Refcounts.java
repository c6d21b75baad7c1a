// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.RefcountTableEntry;
import io.varve.image.qcow2.format.RefcountWidth;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// The refcounts as the image has them, read one block at a time.
final class Refcounts {
  /// Questions about clusters behind the end of the file that are answered from the file; a hostile
  /// image could ask without end.
  private static final int FAR_LOOKUPS = 1 << 20;

  private final CheckedImage image;
  private final Geometry geometry;
  private final long[] table;
  private final ClusterFlags ones = new ClusterFlags();
  private long cachedAt = -1;
  private byte[] cached = new byte[0];
  private int farLookups;

  private Refcounts(CheckedImage image, long[] table) {
    this.image = image;
    this.geometry = image.geometry();
    this.table = table;
  }

  static Refcounts load(CheckedImage image) throws IOException {
    Header header = image.header();
    long bytes = (long) header.refcountTableClusters() << header.clusterBits();
    // What lies behind the end of the file reads as zero: no refcount block.
    long there = Math.clamp(image.fileLength() - header.refcountTableOffset(), 0L, bytes);
    ByteBuffer read = image.read(header.refcountTableOffset(), (int) (there + 7) & -8);
    long[] table = new long[read.remaining() / Long.BYTES];
    read.asLongBuffer().get(table);
    Refcounts refcounts = new Refcounts(image, table);
    refcounts.findOnes();
    return refcounts;
  }

  private void findOnes() throws IOException {
    long clusters = image.clusters();
    for (int index = 0; index < table.length && firstCluster(index) < clusters; index++) {
      byte[] block = block(index);
      if (block != null) {
        findOnes(
            block,
            firstCluster(index),
            (int) Math.min(blockEntries(), clusters - firstCluster(index)));
      }
    }
  }

  private void findOnes(byte[] block, long first, int entries) {
    int order = geometry.refcountOrder();
    int at = RefcountWidth.find(block, 0, entries, order, 1);
    while (at >= 0) {
      int other = RefcountWidth.findOther(block, at, entries - at, order, 1);
      int end = other < 0 ? entries : other;
      ones.setRun(first + at, end - at);
      at = RefcountWidth.find(block, end, entries - end, order, 1);
    }
  }

  /// Entries of the refcount table that lie in the file.
  int tableEntries() {
    return table.length;
  }

  long tableEntry(int index) {
    return table[index];
  }

  int blockEntries() {
    return geometry.refcountBlockEntries();
  }

  long firstCluster(int index) {
    return (long) index << geometry.refcountBlockBits();
  }

  int indexOf(long cluster) {
    return (int) Math.min(Integer.MAX_VALUE, cluster >>> geometry.refcountBlockBits());
  }

  /// Host offset of the block, 0 where there is none.
  long blockOffset(int index) {
    return index < table.length ? RefcountTableEntry.offset(table[index]) : 0;
  }

  /// True if the block's place is damaged, so that its counts cannot be known.
  boolean unreadable(int index) {
    return !geometry.isClusterAligned(blockOffset(index)) || blockOffset(index) < 0;
  }

  /// The block, to read only, or null where there is none or it cannot be known.
  byte @Nullable [] block(int index) throws IOException {
    long offset = blockOffset(index);
    if (offset == 0 || unreadable(index)) {
      return null;
    }
    if (offset != cachedAt) {
      cached = image.read(offset, image.clusterSize()).array();
      cachedAt = offset;
    }
    return cached;
  }

  /// The count of this cluster, unsigned; 0 where it cannot be known.
  long get(long cluster) throws IOException {
    int index = indexOf(cluster);
    byte[] block = block(index);
    return block == null
        ? 0
        : RefcountWidth.get(
            block, (int) (cluster & (blockEntries() - 1)), geometry.refcountOrder());
  }

  /// True if the count of this cluster is exactly one.
  boolean isOne(long cluster) throws IOException {
    return cluster < image.clusters() ? ones.get(cluster) : isOneFar(cluster);
  }

  /// True if each of `count` clusters from `first` on lies in the file and is counted once.
  boolean allOne(long first, long count) {
    return first + count <= image.clusters() && ones.all(first, count);
  }

  private boolean isOneFar(long cluster) throws IOException {
    int index = indexOf(cluster);
    if (blockOffset(index) == 0 || unreadable(index) || farLookups++ > FAR_LOOKUPS) {
      return false;
    }
    int order = geometry.refcountOrder();
    int inBlock = (int) (cluster & (blockEntries() - 1));
    int perByte = Math.max(1, 8 >> order);
    int width = Math.max(1, 1 << order >> 3);
    long at = blockOffset(index) + (long) (inBlock / perByte) * width;
    return RefcountWidth.get(image.read(at, width).array(), inBlock % perByte, order) == 1;
  }
}
