// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.RefcountTableEntry;
import io.varve.image.qcow2.format.RefcountWidth;
import java.io.IOException;

/// Checks the refcount structure itself, then compares what it says with what there is.
final class RefcountCheck {
  private final CheckedImage image;
  private final Geometry geometry;
  private final Tally tally;
  private final References references;
  private final Refcounts refcounts;
  private boolean damaged;
  private long highest;

  RefcountCheck(CheckedImage image, Tally tally, References references, Refcounts refcounts) {
    this.image = image;
    this.geometry = image.geometry();
    this.tally = tally;
    this.references = references;
    this.refcounts = refcounts;
  }

  /// Counts the refcount table and its blocks, each of which must be there once.
  void countStructure() {
    long tableBytes = (long) image.header().refcountTableClusters() << geometry.clusterBits();
    references.add(image.header().refcountTableOffset(), tableBytes, 1);
    for (int index = 0; index < refcounts.tableEntries(); index++) {
      long entry = refcounts.tableEntry(index);
      if (entry != 0) {
        countBlock(index, entry);
      }
    }
    requireTableOfItsOwn(tableBytes);
  }

  /// A table that shares a cluster with something else is of no use: the other's counts go wrong as
  /// often as the table changes. The comparison tells it; a repair puts the table elsewhere.
  private void requireTableOfItsOwn(long bytes) {
    long first = geometry.hostCluster(image.header().refcountTableOffset());
    long clusters = bytes >>> geometry.clusterBits();
    for (long cluster = first; cluster < first + clusters; cluster++) {
      damaged |= references.get(cluster) != 1;
    }
  }

  private void countBlock(int index, long entry) {
    long offset = RefcountTableEntry.offset(entry);
    long cluster = geometry.hostCluster(offset);
    if (RefcountTableEntry.reservedBitsSet(entry)) {
      damage("refcount table entry %d has reserved bits set", index);
    } else if (!geometry.isClusterAligned(offset)) {
      damage("refcount block %d is not cluster aligned; refcount table entry corrupted", index);
    } else if (cluster >= references.clusters()) {
      damage("refcount block %d is outside image", index);
    } else {
      references.add(offset, image.clusterSize(), 1);
      if (references.get(cluster) != 1) {
        damage("refcount block %d refcount=%d", index, references.get(cluster));
      }
    }
  }

  private void damage(String format, Object... arguments) {
    damaged = true;
    tally.corruption(format, arguments);
  }

  void compare() throws IOException {
    references.requireWidth();
    long clusters = references.clusters();
    int index = 0;
    for (long first = 0; first < clusters; first = refcounts.firstCluster(++index)) {
      if (index >= refcounts.tableEntries()) {
        compareNothing(first, clusters);
        return;
      }
      long end = Math.min(clusters, first + refcounts.blockEntries());
      byte[] block = refcounts.block(index);
      if (block != null) {
        compareBlock(block, first, end);
      } else if (refcounts.unreadable(index)) {
        tally.errors(end - first, "Can't get refcount for clusters %d to %d", first, end - 1);
      } else {
        compareNothing(first, end);
      }
    }
  }

  private void compareBlock(byte[] block, long first, long end) {
    for (long cluster = first; cluster < end; cluster++) {
      long counted = RefcountWidth.get(block, (int) (cluster - first), geometry.refcountOrder());
      int there = references.get(cluster);
      if (counted != 0 || there != 0) {
        highest = cluster;
      }
      if (Long.compareUnsigned(counted, there) > 0) {
        tally.leak("cluster %d refcount=%s reference=%d", cluster, unsigned(counted), there);
      } else if (counted != there) {
        tally.corruption("cluster %d refcount=%s reference=%d", cluster, unsigned(counted), there);
      }
    }
  }

  private void compareNothing(long first, long end) {
    for (long c = references.next(first, end); c < end; c = references.next(c + 1, end)) {
      highest = c;
      damaged = true;
      tally.corruption("cluster %d refcount=0 reference=%d", c, references.get(c));
    }
  }

  private static String unsigned(long count) {
    return Long.toUnsignedString(count);
  }

  /// True if counts cannot be mended where they are: a new structure is needed.
  boolean needsRebuild() {
    return damaged;
  }

  /// Host offset behind the last cluster that is in use or counted.
  long imageEnd() {
    return geometry.hostOffset(highest + 1);
  }
}
