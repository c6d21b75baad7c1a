// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.check.Finding.Kind;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.RefcountTableEntry;
import io.varve.image.qcow2.format.RefcountWidth;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Checks the refcount structure itself, then compares what it says with what there is, and sets
/// the counts that a repair may set.
final class RefcountCheck {
  private final CheckedImage image;
  private final Geometry geometry;
  private final Tally tally;
  private final References references;
  private final CheckOptions options;
  private Refcounts refcounts;
  private boolean rebuild;
  private boolean signaled;
  private long highest;

  RefcountCheck(
      CheckedImage image,
      Tally tally,
      References references,
      Refcounts refcounts,
      CheckOptions options) {
    this.image = image;
    this.geometry = image.geometry();
    this.tally = tally;
    this.references = references;
    this.refcounts = refcounts;
    this.options = options;
  }

  /// Counts the refcount table.
  void countTable() {
    long bytes = (long) image.header().refcountTableClusters() << geometry.clusterBits();
    references.add(image.header().refcountTableOffset(), bytes, 1);
  }

  /// Counts the blocks, each of which must be there once.
  ///
  /// @param fix mend what can be mended
  void countBlocks(boolean fix) throws IOException {
    for (int index = 0; index < refcounts.tableEntries(); index++) {
      long entry = refcounts.tableEntry(index);
      if (entry != 0) {
        countBlock(index, entry, fix);
      }
    }
    if (options.careful()) {
      requireTableOfItsOwn();
    }
  }

  /// A table that shares a cluster with something else is of no use: the other's counts go wrong as
  /// often as the table changes. The comparison tells it; a careful repair puts the table
  /// elsewhere.
  private void requireTableOfItsOwn() {
    long first = geometry.hostCluster(image.header().refcountTableOffset());
    for (int i = 0; i < image.header().refcountTableClusters(); i++) {
      rebuild |= references.get(first + i) != 1;
    }
  }

  private void countBlock(int index, long entry, boolean fix) throws IOException {
    long offset = RefcountTableEntry.offset(entry);
    long cluster = geometry.hostCluster(offset);
    if (RefcountTableEntry.reservedBitsSet(entry)) {
      damage("ERROR refcount table entry " + index + " has reserved bits set");
    } else if (!geometry.isClusterAligned(offset)) {
      damage(
          "ERROR refcount block "
              + index
              + " is not cluster aligned; refcount table entry corrupted");
    } else if (cluster >= references.clusters()) {
      outside(index, offset, fix);
    } else if (offset != 0) {
      references.add(offset, image.clusterSize(), 1);
      if (references.get(cluster) != 1) {
        damage("ERROR refcount block " + index + " refcount=" + references.get(cluster));
      }
    }
  }

  private void damage(String line) {
    rebuild = true;
    tally.corruption(line);
  }

  /// The file grows to take the block in, which is then empty; without that a new structure is due.
  private void outside(int index, long offset, boolean fix) throws IOException {
    boolean grow = fix && !options.careful();
    String line = (grow ? "Repairing" : "ERROR") + " refcount block " + index;
    tally.corruption(line + " is outside image");
    rebuild |= options.careful();
    if (!grow) {
      return;
    }
    boolean thinkable = offset >= 0 && offset <= Long.MAX_VALUE - image.clusterSize();
    String failure = thinkable ? image.growTo(offset + image.clusterSize()) : "Invalid argument";
    if (failure != null) {
      rebuild = true;
      if (thinkable) {
        tally.say(new Finding(Kind.ERROR, "Could not resize file: " + failure, true));
      }
      tally.say(Kind.ERROR, "ERROR could not resize image: " + failure);
      return;
    }
    tally.corruptions(-1);
    tally.repaired(1, 0);
    references.cover(image.clusters());
    references.add(offset, image.clusterSize(), 1);
  }

  /// Compares the counts of all clusters of the file.
  ///
  /// @param fixLeaks lower counts that are too high
  /// @param fixErrors raise counts that are too low, except from 0
  void compare(boolean fixLeaks, boolean fixErrors) throws IOException {
    highest = 0;
    RefcountWriter writer = new RefcountWriter(image, refcounts);
    long clusters = references.clusters();
    int index = 0;
    for (long first = 0; first < clusters; first = refcounts.firstCluster(++index)) {
      if (index >= refcounts.tableEntries()) {
        compareNothing(first, clusters);
        break;
      }
      long end = Math.min(clusters, first + refcounts.blockEntries());
      byte[] block = refcounts.block(index);
      if (block != null) {
        byte[] before = fixLeaks || fixErrors ? block.clone() : block;
        compareBlock(block, first, end, fixLeaks, fixErrors ? writer : null, writer);
        writer.write(index, before, block);
      } else if (refcounts.unreadable(index)) {
        tellUnreadable(index, first, end);
      } else {
        compareNothing(first, end);
      }
    }
    writer.finish();
  }

  private void compareBlock(
      byte[] block,
      long first,
      long end,
      boolean fixLeaks,
      @Nullable RefcountWriter raising,
      RefcountWriter lowering) {
    int order = geometry.refcountOrder();
    for (long cluster = first; cluster < end; cluster++) {
      int at = (int) (cluster - first);
      long counted = RefcountWidth.get(block, at, order);
      int there = references.get(cluster);
      if (counted != 0 || there != 0) {
        highest = cluster;
      }
      if (counted == there) {
        cluster += alike(block, at, cluster, end, there) - 1;
        highest = there != 0 ? cluster : highest;
        continue;
      }
      boolean high = Long.compareUnsigned(counted, there) > 0;
      // QEMU trusts no structure that has forgotten a cluster; with care the block is still good.
      boolean lost = counted == 0 && !options.careful();
      rebuild |= lost;
      boolean fix = high ? fixLeaks : raising != null && !lost;
      tell(cluster, counted, there, fix, high);
      if (fix) {
        RefcountWidth.set(block, at, order, there);
        if (there == 0) {
          lowering.freed(cluster);
        }
      }
    }
  }

  /// How many clusters from this one on are both counted and referred to so often, at least one.
  private long alike(byte[] block, int at, long cluster, long end, int count) {
    long referred = references.run(cluster, end, count);
    int other = RefcountWidth.findOther(block, at, (int) referred, geometry.refcountOrder(), count);
    return other < 0 ? referred : other - at;
  }

  private void tell(long cluster, long counted, int there, boolean fix, boolean high) {
    String rest =
        " cluster "
            + cluster
            + " refcount="
            + Long.toUnsignedString(counted)
            + " reference="
            + there;
    if (fix && high) {
      tally.repairedLeak("Repairing" + rest);
    } else if (fix) {
      tally.repairedCorruption("Repairing" + rest);
    } else if (high) {
      tally.leak("Leaked" + rest);
    } else {
      tally.corruption("ERROR" + rest);
    }
  }

  private void compareNothing(long first, long end) {
    for (long c = references.next(first, end); c < end; c = references.next(c + 1, end)) {
      highest = c;
      rebuild = true;
      tally.corruption("ERROR cluster " + c + " refcount=0 reference=" + references.get(c));
    }
  }

  private void tellUnreadable(int index, long first, long end) throws IOException {
    long offset = refcounts.blockOffset(index);
    if (!signaled && !geometry.isClusterAligned(offset)) {
      signaled = true;
      String what =
          "Refblock offset "
              + Hex.alternate(offset)
              + " unaligned (reftable index: "
              + Hex.alternate(index);
      boolean mark = options.repair() != null && !options.careful();
      if (mark) {
        image.markCorrupt();
      }
      tally.say(
          Kind.ERROR,
          mark
              ? "qcow2: Marking image as corrupt: "
                  + what
                  + "); further corruption events will be suppressed"
              : "qcow2: Image is corrupt: "
                  + what
                  + "); further non-fatal corruption events will be suppressed");
    }
    for (long cluster = first; cluster < end; cluster++) {
      tally.error("Can't get refcount for cluster " + cluster + ": Input/output error");
    }
  }

  /// True if counts cannot be mended where they are: a new structure is needed.
  boolean needsRebuild() {
    return rebuild;
  }

  /// Begins anew with another refcount structure.
  void takeOver(Refcounts fresh) {
    refcounts = fresh;
    rebuild = false;
  }

  /// Host offset behind the last cluster that is in use or counted.
  long imageEnd() {
    return geometry.hostOffset(highest + 1);
  }
}
