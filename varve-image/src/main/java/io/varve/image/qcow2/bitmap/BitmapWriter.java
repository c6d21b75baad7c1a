// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.bitmap;

import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.BitmapDirectoryEntry;
import io.varve.image.qcow2.format.BitmapsExtension;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.io.ImageParts;
import io.varve.image.qcow2.metadata.EntryTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes bitmaps beside those on disk: what changed goes to new clusters, and a new directory
/// names all. Until the header names that directory, nothing on disk refers to what was written.
final class BitmapWriter {
  private final ImageParts parts;
  private final Geometry geometry;
  private final List<ClusterRun> runs = new ArrayList<>();

  /// Entries of the new directory, in its order, and the new tables of those that have one.
  private final List<BitmapDirectoryEntry> entries = new ArrayList<>();

  private final IdentityHashMap<KeptBitmap, long[]> tables = new IdentityHashMap<>();

  BitmapWriter(ImageParts parts) {
    this.parts = parts;
    this.geometry = parts.geometry();
  }

  /// Writes what is new and returns what the header is to say, null for no bitmap at all.
  @Nullable BitmapsExtension write(List<KeptBitmap> bitmaps) throws IOException {
    int length = 0;
    for (KeptBitmap bitmap : bitmaps) {
      BitmapDirectoryEntry entry = entryOf(bitmap);
      entries.add(entry);
      length += entry.encodedLength();
    }
    if (bitmaps.isEmpty()) {
      return null;
    }
    ByteBuffer directory = ByteBuffer.allocate(length);
    entries.forEach(entry -> entry.encode(directory));
    long offset = allocate(length);
    parts.storage().write(offset, directory.flip());
    return new BitmapsExtension(bitmaps.size(), length, offset);
  }

  private BitmapDirectoryEntry entryOf(KeptBitmap bitmap) throws IOException {
    BitmapDirectoryEntry old = bitmap.entry;
    BitmapData data = bitmap.data;
    if (old != null && (data == null || !bitmap.needsTable())) {
      int others = old.flags() & ~(BitmapDirectoryEntry.AUTO | BitmapDirectoryEntry.IN_USE);
      return old.withFlags(others | bitmap.flags());
    }
    if (data == null) {
      throw new IllegalStateException("a bitmap without content that was never stored");
    }
    long[] table = tableOf(data);
    long offset = allocate((long) table.length * Long.BYTES);
    EntryTable.store(parts.storage(), offset, table);
    tables.put(bitmap, table);
    return new BitmapDirectoryEntry(
        offset, table.length, bitmap.flags(), bitmap.granularityBits, bitmap.name);
  }

  private long[] tableOf(BitmapData data) throws IOException {
    long[] table = new long[data.pieces()];
    for (int i = 0; i < table.length; i++) {
      if (!data.isChanged(i)) {
        table[i] = data.storedEntry(i);
        continue;
      }
      table[i] = data.shortEntry(i);
      if (table[i] < 0) {
        table[i] = allocate(geometry.clusterSize());
        parts.storage().write(table[i], data.bytesOf(i));
      }
    }
    return table;
  }

  private long allocate(long bytes) throws IOException {
    long clusters = geometry.clustersFor(bytes);
    ClusterRun run = parts.allocator().allocate(clusters);
    runs.add(run);
    parts.metadata().add(run.first(), run.count());
    long offset = geometry.hostOffset(run.first());
    if (!run.blank() && bytes % geometry.clusterSize() != 0) {
      parts.storage().zero(offset, clusters * geometry.clusterSize());
    }
    return offset;
  }

  /// The header names the new directory: takes that over, and gives up what only the old one named.
  ///
  /// @param gone bitmaps that the old directory had and the new one has not
  void finish(List<KeptBitmap> bitmaps, List<KeptBitmap> gone, @Nullable BitmapsExtension old)
      throws IOException {
    if (old != null) {
      drop(old.directoryOffset(), old.directorySize());
    }
    for (KeptBitmap bitmap : gone) {
      if (bitmap.entry != null) {
        dropTable(bitmap.entry, new long[0]);
      }
    }
    int at = 0;
    for (int i = 0; i < bitmaps.size(); i++) {
      KeptBitmap bitmap = bitmaps.get(i);
      BitmapDirectoryEntry entry = entries.get(i);
      long[] table = tables.get(bitmap);
      if (table != null) {
        takeOver(bitmap, table);
      }
      bitmap.entry = entry;
      bitmap.entryAt = at;
      bitmap.marked = entry.inUse();
      at += entry.encodedLength();
    }
  }

  private void takeOver(KeptBitmap bitmap, long[] table) throws IOException {
    BitmapDirectoryEntry old = bitmap.entry;
    if (old != null) {
      dropTable(old, table);
    }
    java.util.Objects.requireNonNull(bitmap.data).nowStored(table);
  }

  /// Gives up a table and the clusters that only it names. What breaks the rules in the table of an
  /// inconsistent bitmap stays leaked.
  private void dropTable(BitmapDirectoryEntry entry, long[] next) throws IOException {
    ByteBuffer table = ByteBuffer.allocate(entry.tableEntries() * Long.BYTES);
    parts.storage().read(entry.tableOffset(), table);
    table.flip();
    for (int i = 0; table.hasRemaining(); i++) {
      long each = table.getLong();
      long offset = each & BitmapDirectoryEntry.TABLE_OFFSET_MASK;
      boolean kept = i < next.length && next[i] == each;
      if (offset != 0 && !kept && BitmapLoader.sound(each, geometry)) {
        drop(offset, geometry.clusterSize());
      }
    }
    drop(entry.tableOffset(), (long) entry.tableEntries() * Long.BYTES);
  }

  private void drop(long offset, long bytes) {
    parts.dropped().drop(geometry.hostCluster(offset), geometry.clustersFor(bytes));
  }

  /// Takes back what was allocated: the header does not name it.
  void undo(Exception cause) {
    try {
      for (ClusterRun run : runs) {
        parts.allocator().unallocate(run.first(), run.count());
        parts.metadata().remove(run.first(), run.count());
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }
}
