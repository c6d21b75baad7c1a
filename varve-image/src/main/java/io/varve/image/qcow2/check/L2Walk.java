// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.format.SubclusterBitmap;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Checks the entries of one L2 table after another and counts what they refer to.
final class L2Walk {
  private final CheckedImage image;
  private final Geometry geometry;
  private final Tally tally;
  private final References references;
  private final Refcounts refcounts;
  private final CheckOptions options;
  private final boolean external;

  /// References to count for each entry of the table at hand; 0 tells of damage and counts nothing.
  private int times;

  private boolean active;
  private long tableOffset;
  private ByteBuffer table = ByteBuffer.allocate(0);

  /// Where the next data cluster of the table would lie if the data were in one piece, 0: anywhere.
  private long nextInPlace;

  private long allocated;
  private long compressed;
  private long fragmented;
  private boolean copiedWrong;

  /// Neighbours that are still to be counted.
  private long runFirst;

  private long runEnd;

  L2Walk(
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
    this.external = image.header().externalDataFile();
  }

  /// Walks the table at this offset.
  ///
  /// @param references times that it is referred to: what it refers to counts as often. 0 only to
  ///   tell of damage again
  /// @param ofActive it is walked for the active disk
  void walk(long offset, ByteBuffer entries, int references, boolean ofActive) throws IOException {
    tableOffset = offset;
    table = entries;
    times = references;
    active = ofActive;
    nextInPlace = 0;
    allocated = 0;
    compressed = 0;
    fragmented = 0;
    copiedWrong = false;
    runFirst = 0;
    runEnd = 0;
    int size = geometry.l2EntrySize();
    int words = table.limit() / size * size / Long.BYTES;
    long[] all = new long[words];
    table.asLongBuffer().get(all);
    int step = size / Long.BYTES;
    for (int i = 0; i < words; i += step) {
      long entry = all[i];
      long bitmap = step == 2 ? all[i + 1] : 0;
      if ((entry | bitmap) == 0) {
        continue;
      }
      if (L2Entry.compressed(entry)) {
        compressed(i / step, entry, bitmap);
      } else {
        standard(i * Long.BYTES, entry, bitmap);
        i += step == 1 && !external ? neighbours(all, i) : 0;
      }
    }
    countRun();
  }

  /// Takes entries behind the one at `from` that are like it, each with the host cluster behind the
  /// last one's: most of most tables. Returns how many.
  private int neighbours(long[] all, int from) throws IOException {
    long first = L2Entry.offset(all[from]);
    long cluster = geometry.hostCluster(first);
    boolean plain = first != 0 && !L2Entry.reservedBitsSet(all[from], false);
    if (!plain || !geometry.isClusterAligned(first) || runEnd != cluster + 1) {
      return 0;
    }
    long most = Math.min(all.length - from, image.clusters() - cluster);
    int step = image.clusterSize();
    long expected = all[from] + step;
    int i = 1;
    while (i < most && all[from + i] == expected) {
      expected += step;
      i++;
    }
    int count = i - 1;
    allocated += count;
    nextInPlace += (long) count * step;
    runEnd += count;
    boolean copied = L2Entry.copied(all[from]);
    if (count > 0 && active && !(copied && refcounts.allOne(cluster + 1, count))) {
      for (int k = 1; k <= count; k++) {
        checkCopied(all[from], first + (long) k * step);
      }
    }
    return count;
  }

  /// Entries of the last table with data or a place for it.
  long allocated() {
    return allocated;
  }

  long compressed() {
    return compressed;
  }

  long fragmented() {
    return fragmented;
  }

  /// True if a COPIED bit of the last table does not say what the refcount says.
  boolean copiedWrong() {
    return copiedWrong;
  }

  private void compressed(int index, long found, long bitmap) {
    int bits = geometry.clusterBits();
    long entry = found & ~L2Entry.COPIED;
    if (entry != found) {
      tally.corruption(
          "ERROR: coffset="
              + Hex.of(L2Entry.compressedOffset(found, bits))
              + ": copied flag must never be set for compressed clusters");
    }
    if (external) {
      tally.corruption(
          "ERROR compressed cluster " + index + " with data file, entry=" + Hex.of(entry));
      return;
    }
    if (bitmap != 0) {
      tally.corruption(
          "ERROR compressed cluster "
              + index
              + " with non-zero subcluster allocation bitmap, entry="
              + Hex.of(entry));
      tally.incomplete();
      return;
    }
    references.add(
        L2Entry.compressedOffset(entry, bits), L2Entry.compressedLength(entry, bits), times);
    // Never contiguous: even neighbours share a sector that must be read twice.
    allocated++;
    compressed++;
    fragmented++;
  }

  private void standard(int at, long entry, long bitmap) throws IOException {
    // Bit 0, which extended L2 reserves, is not looked at there, as in QEMU.
    if (L2Entry.reservedBitsSet(entry, false)) {
      tally.corruption("ERROR found l2 entry with reserved bits set: " + Hex.bare(entry));
    }
    long offset = L2Entry.offset(entry);
    boolean zero = !geometry.extendedL2() && L2Entry.zero(entry);
    boolean inDataFile = external && !zero && L2Entry.copied(entry);
    if (offset != 0 || inDataFile) {
      allocated(at, entry, offset, bitmap);
    } else if (!zero && SubclusterBitmap.allocated(bitmap) != 0) {
      tally.corruption("ERROR: Unallocated cluster has non-zero subcluster allocation map");
    }
  }

  private void allocated(int at, long entry, long offset, long bitmap) throws IOException {
    if (!SubclusterBitmap.valid(bitmap)) {
      tally.corruption(
          "ERROR offset="
              + Hex.bare(offset)
              + ": Allocated cluster has corrupted subcluster allocation bitmap");
    }
    if (!geometry.isClusterAligned(offset) && misplaced(at, entry, offset, bitmap)) {
      return;
    }
    allocated++;
    if (nextInPlace != 0 && offset != nextInPlace) {
      fragmented++;
    }
    nextInPlace = offset + image.clusterSize();
    if (!external) {
      count(offset);
    }
    checkCopied(entry, offset);
  }

  /// @return true if the entry was repaired, and refers to nothing now
  private boolean misplaced(int at, long entry, long offset, long bitmap) throws IOException {
    boolean data =
        geometry.extendedL2() ? SubclusterBitmap.allocated(bitmap) != 0 : !L2Entry.zero(entry);
    if (data) {
      tally.corruption(
          "ERROR offset="
              + Hex.bare(offset)
              + ": Data cluster is not properly aligned; L2 entry corrupted.");
      return false;
    }
    boolean fix = options.fixesErrors() && (image.header().version() > 2 || !options.careful());
    tally.corruption(
        (fix ? "Repairing" : "ERROR")
            + " offset="
            + Hex.bare(offset)
            + ": Preallocated cluster is not properly aligned; L2 entry corrupted.");
    return fix && zeroEntry(at, bitmap);
  }

  /// Makes an entry that holds no data read as zero, or as its subclusters say, without a cluster.
  private boolean zeroEntry(int at, long bitmap) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(geometry.l2EntrySize());
    if (geometry.extendedL2()) {
      int zero = SubclusterBitmap.allocated(bitmap) | SubclusterBitmap.zero(bitmap);
      bytes.putLong(0).putLong(SubclusterBitmap.of(0, zero));
    } else {
      bytes.putLong(L2Entry.ZERO);
    }
    bytes.flip();
    for (int i = 0; i < bytes.limit(); i++) {
      table.put(at + i, bytes.get(i));
    }
    image.storage().write(tableOffset + at, bytes);
    tally.corruptions(-1);
    tally.repaired(1, 0);
    return true;
  }

  private void count(long offset) {
    if (!geometry.isClusterAligned(offset) || !references.inFile(offset, image.clusterSize())) {
      references.add(offset, image.clusterSize(), times);
      return;
    }
    long cluster = geometry.hostCluster(offset);
    if (cluster != runEnd) {
      countRun();
      runFirst = cluster;
    }
    runEnd = cluster + 1;
  }

  private void countRun() {
    if (times > 0 && runEnd > runFirst) {
      references.addClusters(runFirst, runEnd - runFirst, times);
    }
    runFirst = runEnd;
  }

  private void checkCopied(long entry, long offset) throws IOException {
    if (!active || copiedWrong) {
      return;
    }
    if (external) {
      copiedWrong = !L2Entry.copied(entry);
      return;
    }
    long cluster = geometry.hostCluster(offset);
    copiedWrong =
        !refcounts.unreadable(refcounts.indexOf(cluster))
            && refcounts.isOne(cluster) != L2Entry.copied(entry);
  }
}
