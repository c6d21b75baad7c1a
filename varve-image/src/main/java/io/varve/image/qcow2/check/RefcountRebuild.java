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
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Writes a new refcount table with its blocks to clusters that nothing refers to, the old
/// structure included, and takes it into use by one write of 12 bytes to the header. Until then the
/// image is as it was; afterwards nothing refers to the old structure, which is counted still.
///
/// Each block lies in the first free cluster of the range that it counts, or behind it; then the
/// table in the first gap that has room.
final class RefcountRebuild {
  private final CheckedImage image;
  private final Geometry geometry;
  private final Storage storage;
  private final References references;
  private final Refcounts old;

  /// Blocks must be kept where a part of the image could not be followed: a count may stand for
  /// something that is not known.
  private final boolean keepCounts;

  private final boolean careful;

  /// Cluster of each new block, by its index in the table.
  private final TreeMap<Integer, Long> blocks = new TreeMap<>();

  private long firstFree;
  private long end;
  private long tableAt = -1;
  private int tableClusters;

  RefcountRebuild(
      CheckedImage image,
      References references,
      Refcounts old,
      CheckOptions options,
      boolean incomplete) {
    this.image = image;
    this.geometry = image.geometry();
    this.storage = image.storage();
    this.references = references;
    this.old = old;
    this.careful = options.careful();
    this.keepCounts = careful && incomplete;
  }

  void run() throws IOException {
    place();
    ByteBuffer table = ByteBuffer.allocate(tableClusters << geometry.clusterBits());
    for (var block : blocks.entrySet()) {
      long offset = geometry.hostOffset(block.getValue());
      table.putLong(block.getKey() * Long.BYTES, offset);
      storage.write(offset, ByteBuffer.wrap(block(block.getKey())));
    }
    storage.write(geometry.hostOffset(tableAt), table);
    storage.flush();
    ByteBuffer fields = ByteBuffer.allocate(12);
    fields.putLong(geometry.hostOffset(tableAt)).putInt(tableClusters);
    storage.write(Header.REFCOUNT_TABLE_AT, fields.flip());
    storage.flush();
  }

  private void place() throws IOException {
    end = references.clusters();
    boolean fits = false;
    while (!fits) {
      placeBlocks();
      fits = tableAt >= 0 && indexOf(end - 1) < tableEntries();
      if (tableAt >= 0 && !fits) {
        // The table's own clusters need a block beyond its end: a larger one takes its place.
        for (int i = 0; i < tableClusters; i++) {
          references.set(tableAt + i, 0);
        }
      }
      if (!fits) {
        placeTable();
      }
    }
  }

  private int tableEntries() {
    return tableClusters * (geometry.clusterSize() / Long.BYTES);
  }

  private void placeBlocks() throws IOException {
    long cluster = next(0);
    while (cluster < end) {
      int index = indexOf(cluster);
      long start = (long) index << geometry.refcountBlockBits();
      firstFree = Math.max(firstFree, start);
      blocks.put(index, allocate(1));
      cluster = next(start + geometry.refcountBlockEntries());
    }
  }

  /// The next cluster that must be counted and has no block yet.
  private long next(long from) throws IOException {
    long cluster = references.next(from, end);
    for (int index = indexOf(from); keepCounts && index < old.tableEntries(); index++) {
      long first = old.firstCluster(index);
      if (first >= cluster) {
        break;
      }
      if (old.block(index) != null) {
        cluster = Math.max(from, first);
      }
    }
    while (cluster < end && blocks.containsKey(indexOf(cluster))) {
      cluster = references.next((indexOf(cluster) + 1L) << geometry.refcountBlockBits(), end);
    }
    return cluster;
  }

  private void placeTable() throws IOException {
    long bytes = (indexOf(end - 1) + 1L) * Long.BYTES;
    tableClusters = (int) geometry.clustersFor(bytes);
    if (geometry.hostOffset(tableClusters) > Limits.MAX_REFCOUNT_TABLE_BYTES) {
      throw new CorruptImageException(
          storage.name()
              + ": refcount table: a new one would need "
              + bytes
              + " bytes, the limit is 8 MiB; convert it to an image with larger clusters");
    }
    firstFree = 0;
    tableAt = allocate(tableClusters);
  }

  /// Takes `count` neighbours that nothing refers to.
  private long allocate(int count) throws IOException {
    long cluster = firstFree;
    int run = 0;
    boolean gapSeen = false;
    for (; run < count; cluster++) {
      if (cluster >= limit()) {
        throw new NoSpaceException(
            storage.name() + ": no room for a new refcount structure of " + count + " clusters");
      }
      if (!isFree(cluster)) {
        run = 0;
        continue;
      }
      run++;
      if (!gapSeen) {
        firstFree = cluster;
        gapSeen = true;
      }
    }
    long first = cluster - count;
    for (long c = first; c < cluster; c++) {
      references.set(c, 1);
    }
    end = Math.max(end, cluster);
    return first;
  }

  private long limit() {
    return storage.capabilities().fixedSize()
        ? image.fileLength() >>> geometry.clusterBits()
        : 1L << (56 - geometry.clusterBits());
  }

  private boolean isFree(long cluster) throws IOException {
    if (references.get(cluster) != 0 || (careful && references.anyRefused(cluster, 1))) {
      return false;
    }
    byte[] kept = kept(indexOf(cluster));
    return kept == null || count(kept, cluster) == 0;
  }

  private byte @Nullable [] kept(int index) throws IOException {
    return keepCounts ? old.block(index) : null;
  }

  private byte[] block(int index) throws IOException {
    byte[] block = new byte[image.clusterSize()];
    byte[] kept = kept(index);
    long first = (long) index << geometry.refcountBlockBits();
    for (int i = 0; i < geometry.refcountBlockEntries(); i++) {
      long count = references.get(first + i);
      if (kept != null && Long.compareUnsigned(count(kept, first + i), count) > 0) {
        count = count(kept, first + i);
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
