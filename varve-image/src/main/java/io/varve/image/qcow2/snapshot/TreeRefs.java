// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.snapshot;

import io.varve.image.CorruptImageException;
import io.varve.image.qcow2.alloc.Refcounts;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.io.ImageParts;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.ImageDamage;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Walks all clusters that one L1 table reaches and changes their refcounts or COPIED flags: what
/// an internal snapshot costs. Tables are read once and whole; counts change in memory and reach
/// the disk in batches. Nothing in memory may be unwritten when a walk begins. Under the exclusive
/// lock.
final class TreeRefs {
  private final ImageParts parts;
  private final Geometry geometry;

  TreeRefs(ImageParts parts) {
    this.parts = parts;
    this.geometry = parts.geometry();
  }

  private interface PerRun {
    void visit(long first, long clusters) throws IOException;
  }

  /// One reference more for everything that `l1` reaches. If a count overflows or a write fails,
  /// the counts are taken back and the exception goes on.
  void add(long[] l1) throws IOException {
    long[] done = {0};
    try {
      for (int i = 0; i < l1.length; i++) {
        visit(
            l1,
            i,
            (first, clusters) -> {
              for (long at = first; at < first + clusters; ) {
                long counted = parts.refcounts().increment(at, first + clusters - at);
                at += counted;
                done[0] += counted;
              }
            });
        parts.bound();
      }
    } catch (IOException e) {
      try {
        takeBack(l1, done[0]);
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  /// Takes back the first `count` references that [#add] counted.
  void takeBack(long[] l1, long count) throws IOException {
    long[] left = {count};
    for (int i = 0; i < l1.length; i++) {
      visit(
          l1,
          i,
          (first, clusters) -> {
            long end = first + Math.min(clusters, left[0]);
            left[0] -= end - first;
            for (long at = first; at < end; ) {
              at += parts.refcounts().decrement(at, end - at, (_, _) -> {});
            }
          });
    }
  }

  /// One reference less for everything that `l1` reaches. The tree is durably unreachable already,
  /// so clusters are freed as the walk goes.
  void remove(long[] l1) throws IOException {
    for (int i = 0; i < l1.length; i++) {
      visit(l1, i, parts.dropped()::drop);
      parts.dropped().release();
      parts.bound();
    }
  }

  /// Calls `each` for the L2 table and for the host clusters that its entries refer to, once for
  /// every reference, neighbours together.
  private void visit(long[] l1, int index, PerRun each) throws IOException {
    long table = tableOf(l1[index], index);
    if (table == 0) {
      return;
    }
    ByteBuffer entries = read(table);
    long from = 0;
    long end = 0;
    for (int at = 0; at < entries.limit(); at += geometry.l2EntrySize()) {
      long entry = entries.getLong(at);
      long first;
      long last;
      if (L2Entry.compressed(entry)) {
        long position = L2Entry.compressedOffset(entry, geometry.clusterBits());
        int length = L2Entry.compressedLength(entry, geometry.clusterBits());
        first = geometry.hostCluster(position);
        last = geometry.hostCluster(position + length - 1);
      } else if (L2Entry.offset(entry) != 0) {
        requireAligned(L2Entry.offset(entry), table, at / geometry.l2EntrySize());
        first = geometry.hostCluster(L2Entry.offset(entry));
        last = first;
      } else {
        continue;
      }
      if (first != end) {
        if (end > from) {
          each.visit(from, end - from);
        }
        from = first;
      }
      end = last + 1;
    }
    if (end > from) {
      each.visit(from, end - from);
    }
    each.visit(geometry.hostCluster(table), 1);
  }

  private void requireAligned(long offset, long table, int index) throws CorruptImageException {
    if (!geometry.isClusterAligned(offset)) {
      throw parts
          .damage()
          .fatal(
              "Cluster allocation offset "
                  + ImageDamage.hex(offset)
                  + " unaligned (L2 offset: "
                  + ImageDamage.hex(table)
                  + ", L2 index: "
                  + ImageDamage.hex(index)
                  + ")");
    }
  }

  /// Takes COPIED off every entry below `l1`, on disk: what it maps is shared from now on.
  void clearCopied(long[] l1) throws IOException {
    for (int i = 0; i < l1.length; i++) {
      long table = tableOf(l1[i], i);
      if (table == 0) {
        continue;
      }
      ByteBuffer entries = read(table);
      boolean changed = false;
      for (int at = 0; at < entries.limit(); at += geometry.l2EntrySize()) {
        long entry = entries.getLong(at);
        if (L2Entry.copied(entry)) {
          entries.putLong(at, entry & ~L2Entry.COPIED);
          changed = true;
        }
      }
      writeBack(table, entries, changed);
    }
  }

  /// Sets COPIED again on whatever the active tree owns alone after a snapshot went.
  void restoreCopied(EntryTable active) throws IOException {
    Refcounts.Cursor counts = parts.refcounts().cursor();
    for (int i = 0; i < active.size(); i++) {
      long table = tableOf(active.get(i), i);
      if (table == 0 || counts.get(geometry.hostCluster(table)) != 1) {
        continue;
      }
      active.set(i, L1Entry.of(table, true));
      ByteBuffer entries = read(table);
      boolean changed = false;
      for (int at = 0; at < entries.limit(); at += geometry.l2EntrySize()) {
        long entry = entries.getLong(at);
        if (ownedButNotMarked(entry, counts)) {
          entries.putLong(at, entry | L2Entry.COPIED);
          changed = true;
        }
      }
      writeBack(table, entries, changed);
    }
  }

  private boolean ownedButNotMarked(long entry, Refcounts.Cursor counts) throws IOException {
    return !L2Entry.compressed(entry)
        && !L2Entry.copied(entry)
        && L2Entry.offset(entry) != 0
        && counts.get(geometry.hostCluster(L2Entry.offset(entry))) == 1;
  }

  private long tableOf(long l1Entry, int index) throws CorruptImageException {
    long table = L1Entry.offset(l1Entry);
    if (!geometry.isClusterAligned(table)) {
      throw parts
          .damage()
          .fatal(
              "L2 table offset "
                  + ImageDamage.hex(table)
                  + " unaligned (L1 index: "
                  + ImageDamage.hex(index)
                  + ")");
    }
    return table;
  }

  private ByteBuffer read(long table) throws IOException {
    ByteBuffer entries = ByteBuffer.allocate(geometry.clusterSize());
    parts.storage().read(table, entries);
    return entries.flip();
  }

  private void writeBack(long table, ByteBuffer entries, boolean changed) throws IOException {
    if (changed) {
      parts.cache().drop(table, geometry.clusterSize());
      parts.storage().write(table, entries);
    }
  }
}
