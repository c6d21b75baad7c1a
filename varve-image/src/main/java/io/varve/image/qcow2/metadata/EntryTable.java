// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/// A table of 8-byte entries that is held whole in memory: the L1 table (at most 32 MiB) or the
/// refcount table (at most 8 MiB). Changed entries are written by 512-byte sectors.
///
/// Reads may come from many threads under the layer's shared lock, changes under the exclusive one.
public final class EntryTable {
  private static final int PER_SECTOR = 512 / Long.BYTES;
  private static final int CHUNK_ENTRIES = 1 << 17;

  private final long offset;
  private final long[] entries;
  private final BitSet dirtySectors = new BitSet();

  /// A table with these entries at a host offset; all of it is taken to be on disk already.
  public EntryTable(long offset, long[] entries) {
    this.offset = offset;
    this.entries = entries;
  }

  /// Reads `count` entries; what lies past the end of the storage is zero.
  public static EntryTable load(Storage storage, long offset, int count) throws IOException {
    long[] entries = new long[count];
    for (int from = 0; from < count; from += CHUNK_ENTRIES) {
      int n = Math.min(CHUNK_ENTRIES, count - from);
      ByteBuffer chunk = ByteBuffer.allocate(n * Long.BYTES);
      storage.read(offset + (long) from * Long.BYTES, chunk);
      chunk.flip().asLongBuffer().get(entries, from, n);
    }
    return new EntryTable(offset, entries);
  }

  /// Writes `entries` whole at `offset`, bypassing any dirty marks: for a table nothing refers to
  /// yet.
  public static void store(Storage storage, long offset, long[] entries) throws IOException {
    for (int from = 0; from < entries.length; from += CHUNK_ENTRIES) {
      int n = Math.min(CHUNK_ENTRIES, entries.length - from);
      ByteBuffer chunk = ByteBuffer.allocate(n * Long.BYTES);
      chunk.asLongBuffer().put(entries, from, n);
      storage.write(offset + (long) from * Long.BYTES, chunk);
    }
  }

  public long offset() {
    return offset;
  }

  public int size() {
    return entries.length;
  }

  public long byteLength() {
    return (long) entries.length * Long.BYTES;
  }

  public long get(int index) {
    return entries[index];
  }

  public void set(int index, long value) {
    if (entries[index] != value) {
      entries[index] = value;
      dirtySectors.set(index / PER_SECTOR);
    }
  }

  public long[] copyOfEntries(int length) {
    return java.util.Arrays.copyOf(entries, length);
  }

  public boolean dirty() {
    return !dirtySectors.isEmpty();
  }

  void write(Storage storage) throws IOException {
    for (int sector = dirtySectors.nextSetBit(0);
        sector >= 0;
        sector = dirtySectors.nextSetBit(sector)) {
      int end = dirtySectors.nextClearBit(sector);
      int from = sector * PER_SECTOR;
      int n = Math.min(end * PER_SECTOR, entries.length) - from;
      ByteBuffer bytes = ByteBuffer.allocate(n * Long.BYTES);
      bytes.asLongBuffer().put(entries, from, n);
      storage.write(offset + (long) from * Long.BYTES, bytes);
      dirtySectors.clear(sector, end);
    }
  }
}
