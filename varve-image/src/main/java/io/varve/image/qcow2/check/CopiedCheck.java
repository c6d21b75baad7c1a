// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.check.Finding.Kind;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.L2Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongPredicate;

/// Checks the COPIED bits of the active disk against the refcounts, and sets them to what those
/// say: set where a table or a cluster is counted exactly once.
final class CopiedCheck {
  /// Bytes of the L1 table that are in memory at once.
  private static final int CHUNK = 1 << 20;

  private final CheckedImage image;
  private final Geometry geometry;
  private final Tally tally;
  private final Refcounts refcounts;
  private final boolean repair;
  private final boolean careful;
  private final LongPredicate worthReading;
  private boolean changed;

  /// @param careful see [CheckOptions#careful()]
  /// @param worthReading the L2 table in this cluster may have a bit that lies
  CopiedCheck(
      CheckedImage image,
      Tally tally,
      Refcounts refcounts,
      boolean repair,
      boolean careful,
      LongPredicate worthReading) {
    this.image = image;
    this.geometry = image.geometry();
    this.tally = tally;
    this.refcounts = refcounts;
    this.repair = repair;
    this.careful = careful;
    this.worthReading = worthReading;
  }

  void run() throws IOException {
    Header header = image.header();
    long end = header.l1Offset() + (long) header.l1Size() * Long.BYTES;
    for (long at = header.l1Offset(); at < Math.min(end, image.fileLength()); at += CHUNK) {
      int length = (int) Math.min(CHUNK, end - at);
      if (image.isHole(at, length)) {
        continue;
      }
      byte[] before = image.read(at, length).array();
      ByteBuffer after = ByteBuffer.wrap(before.clone());
      for (int i = 0; i < length; i += Long.BYTES) {
        if (L1Entry.offset(after.getLong(i)) != 0) {
          checkL1((at - header.l1Offset() + i) / Long.BYTES, after, i);
        }
      }
      changed |= SectorWriter.write(image.storage(), at, before, after.array());
    }
    if (changed) {
      image.storage().flush();
    }
  }

  private void checkL1(long index, ByteBuffer table, int at) throws IOException {
    long entry = table.getLong(at);
    long cluster = geometry.hostCluster(L1Entry.offset(entry));
    if (refcounts.unreadable(refcounts.indexOf(cluster))) {
      return;
    }
    boolean one = refcounts.isOne(cluster);
    if (one != L1Entry.copied(entry)) {
      tell(
          "OFLAG_COPIED L2 cluster: l1_index="
              + index
              + " l1_entry="
              + Hex.bare(entry)
              + " refcount="
              + Long.toUnsignedString(refcounts.get(cluster)));
      if (repair) {
        table.putLong(at, entry ^ L1Entry.COPIED);
      }
    }
    if (worthReading.test(cluster)) {
      checkL2(L1Entry.offset(entry));
    }
  }

  private void checkL2(long offset) throws IOException {
    if (offset >= image.fileLength()) {
      return;
    }
    byte[] before = image.read(offset, image.clusterSize()).array();
    ByteBuffer after = ByteBuffer.wrap(before.clone());
    for (int i = 0; i < after.limit(); i += geometry.l2EntrySize()) {
      long entry = after.getLong(i);
      boolean plain = !L2Entry.compressed(entry) && L2Entry.offset(entry) != 0;
      if (plain) {
        checkEntry(after, i, entry);
      } else if (repair && careful && (entry >>> 62) == 3) {
        // A compressed cluster never has the bit. QEMU's repair leaves it.
        after.putLong(i, entry & ~L2Entry.COPIED);
      }
    }
    if (repair && geometry.isClusterAligned(offset)) {
      changed |= SectorWriter.write(image.storage(), offset, before, after.array());
    }
  }

  private void checkEntry(ByteBuffer table, int at, long entry) throws IOException {
    long cluster = geometry.hostCluster(L2Entry.offset(entry));
    boolean external = image.header().externalDataFile();
    if (!external && refcounts.unreadable(refcounts.indexOf(cluster))) {
      return;
    }
    boolean one = external || refcounts.isOne(cluster);
    if (one == L2Entry.copied(entry)) {
      return;
    }
    long count = external ? 1 : refcounts.get(cluster);
    tell(
        "OFLAG_COPIED data cluster: l2_entry="
            + Hex.bare(entry)
            + " refcount="
            + Long.toUnsignedString(count));
    if (repair) {
      table.putLong(at, entry ^ L2Entry.COPIED);
    }
  }

  private void tell(String what) {
    if (repair) {
      tally.repaired(1, 0);
      tally.say(Kind.REPAIR, "Repairing " + what);
    } else {
      tally.corruption("ERROR " + what);
    }
  }
}
