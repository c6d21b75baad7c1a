// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.L2Entry;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Sets the COPIED bits of the active disk to what the refcounts say: set where a table or a
/// cluster is counted exactly once, and never on a compressed cluster.
final class CopiedRepair {
  /// Bytes of the L1 table that are in memory at once.
  private static final int CHUNK = 1 << 20;

  private final CheckedImage image;
  private final Geometry geometry;
  private final Refcounts refcounts;
  private final ClusterCounts tables;
  private boolean changed;

  CopiedRepair(CheckedImage image, Refcounts refcounts, ClusterCounts tables) {
    this.image = image;
    this.geometry = image.geometry();
    this.refcounts = refcounts;
    this.tables = tables;
  }

  void run() throws IOException {
    repairL1();
    long limit = image.clusters();
    for (long c = tables.nextNonZero(0, limit); c < limit; c = tables.nextNonZero(c + 1, limit)) {
      repairL2(geometry.hostOffset(c));
    }
    if (changed) {
      image.storage().flush();
    }
  }

  private void repairL1() throws IOException {
    Header header = image.header();
    long end = header.l1Offset() + (long) header.l1Size() * Long.BYTES;
    for (long at = header.l1Offset(); at < Math.min(end, image.fileLength()); at += CHUNK) {
      byte[] before = image.read(at, (int) Math.min(CHUNK, end - at)).array();
      ByteBuffer after = ByteBuffer.wrap(before.clone());
      for (int i = 0; i < after.limit(); i += Long.BYTES) {
        long entry = after.getLong(i);
        if (L1Entry.offset(entry) != 0) {
          after.putLong(i, withCopied(entry, L1Entry.offset(entry)));
        }
      }
      changed |= SectorWriter.write(image.storage(), at, before, after.array());
    }
  }

  private void repairL2(long offset) throws IOException {
    byte[] before = image.read(offset, image.clusterSize()).array();
    ByteBuffer after = ByteBuffer.wrap(before.clone());
    for (int i = 0; i < after.limit(); i += geometry.l2EntrySize()) {
      long entry = after.getLong(i);
      if (L2Entry.compressed(entry)) {
        after.putLong(i, entry & ~L2Entry.COPIED);
      } else if (L2Entry.offset(entry) != 0) {
        // In a data file every cluster belongs to the one disk.
        boolean own = image.header().externalDataFile();
        long next = own ? entry | L2Entry.COPIED : withCopied(entry, L2Entry.offset(entry));
        after.putLong(i, next);
      }
    }
    changed |= SectorWriter.write(image.storage(), offset, before, after.array());
  }

  private long withCopied(long entry, long offset) throws IOException {
    long cluster = geometry.hostCluster(offset);
    if (refcounts.unreadable(refcounts.indexOf(cluster))) {
      return entry;
    }
    return refcounts.isOne(cluster) ? entry | L2Entry.COPIED : entry & ~L2Entry.COPIED;
  }
}
