// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.format.SubclusterBitmap;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Checks the entries of L2 tables and counts what they refer to.
final class L2Walk {
  private final CheckedImage image;
  private final Geometry geometry;
  private final Tally tally;
  private final References references;

  /// Data lies in an external data file, where every cluster has its place and no count.
  private final boolean external;

  private final Refcounts refcounts;

  /// References to the table at hand, from all trees and from the active one.
  private int times;

  private int activeTimes;

  /// Where the next data cluster of the table would lie if the data were in one piece, 0: anywhere.
  private long nextInPlace;

  L2Walk(CheckedImage image, Tally tally, References references, Refcounts refcounts) {
    this.image = image;
    this.geometry = image.geometry();
    this.tally = tally;
    this.references = references;
    this.external = image.header().externalDataFile();
    this.refcounts = refcounts;
  }

  void table(ByteBuffer table, int allReferences, int activeReferences) throws IOException {
    times = allReferences;
    activeTimes = activeReferences;
    nextInPlace = 0;
    while (table.hasRemaining()) {
      long entry = table.getLong();
      long bitmap = geometry.extendedL2() ? table.getLong() : 0;
      if ((entry | bitmap) == 0) {
        continue;
      }
      if (L2Entry.compressed(entry)) {
        compressed(entry, bitmap);
      } else {
        standard(entry, bitmap);
      }
    }
  }

  private void compressed(long entry, long bitmap) {
    int bits = geometry.clusterBits();
    long offset = L2Entry.compressedOffset(entry, bits);
    if (external) {
      tally.corruptions(times, "compressed cluster with data file, entry=0x%x", entry);
      return;
    }
    if (L2Entry.copied(entry)) {
      tally.corruptions(
          times, "coffset=0x%x: copied flag must never be set for compressed clusters", offset);
    }
    if (bitmap != 0) {
      tally.corruptions(
          times,
          "compressed cluster with non-zero subcluster allocation bitmap, entry=0x%x",
          entry);
      tally.incomplete();
      return;
    }
    references.add(offset, L2Entry.compressedLength(entry & ~L2Entry.COPIED, bits), times);
    // Never contiguous: even neighbours share a sector that must be read twice.
    tally.guestClusters(activeTimes, activeTimes, activeTimes);
  }

  private void standard(long entry, long bitmap) throws IOException {
    // Like QEMU: bit 0, which extended L2 reserves, is not looked at there.
    if (L2Entry.reservedBitsSet(entry, false)) {
      tally.corruptions(times, "found l2 entry with reserved bits set: %x", entry);
    }
    if (isZero(entry) && image.header().version() == 2) {
      // QEMU's check passes over it; reading it is an error to QEMU as well.
      tally.corruptions(times, "Zero cluster entry found in pre-v3 image: %x", entry);
    }
    long offset = L2Entry.offset(entry);
    boolean firstOfDataFile = external && L2Entry.copied(entry) && !isZero(entry);
    if (offset == 0 && !firstOfDataFile) {
      if (!isZero(entry) && SubclusterBitmap.allocated(bitmap) != 0) {
        tally.corruptions(times, "Unallocated cluster has non-zero subcluster allocation map");
      }
      return;
    }
    allocated(entry, offset, bitmap);
    if (activeTimes > 0) {
      requireCopied(entry, geometry.hostCluster(offset));
    }
  }

  private boolean isZero(long entry) {
    return !geometry.extendedL2() && L2Entry.zero(entry);
  }

  private void allocated(long entry, long offset, long bitmap) {
    if (!SubclusterBitmap.valid(bitmap)) {
      tally.corruptions(
          times,
          "offset=%x: Allocated cluster with corrupted subcluster allocation bitmap",
          offset);
    }
    if (!geometry.isClusterAligned(offset)) {
      boolean data =
          geometry.extendedL2() ? SubclusterBitmap.allocated(bitmap) != 0 : !isZero(entry);
      tally.corruptions(
          times,
          "offset=%x: %s is not properly aligned; L2 entry corrupted.",
          offset,
          data ? "Data cluster" : "Preallocated cluster");
    }
    boolean inPlace = nextInPlace == 0 || offset == nextInPlace;
    tally.guestClusters(activeTimes, 0, inPlace ? 0 : activeTimes);
    nextInPlace = offset + image.clusterSize();
    if (!external) {
      references.add(offset, image.clusterSize(), times);
    }
  }

  private void requireCopied(long entry, long cluster) throws IOException {
    if (!external && refcounts.unreadable(refcounts.indexOf(cluster))) {
      return;
    }
    boolean one = external || refcounts.isOne(cluster);
    if (one != L2Entry.copied(entry)) {
      tally.copied(
          activeTimes,
          "OFLAG_COPIED data cluster: l2_entry=%x refcount %s 1",
          entry,
          one ? "is" : "is not");
    }
  }
}
