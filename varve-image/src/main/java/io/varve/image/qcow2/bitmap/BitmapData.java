// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.bitmap;

import io.varve.image.qcow2.format.BitmapDirectoryEntry;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The bits of one bitmap: a table of pieces, each one cluster long. A piece is what its table
/// entry on disk says, until it is changed; then it is held in memory. So memory follows the
/// changes and not the disk.
///
/// A bit is set for each stretch of the disk, `1 << granularityBits` bytes long, that was changed.
/// Bits of a byte count from the lowest (spec: "Bitmap data"). Guarded by [BitmapStore].
final class BitmapData {
  /// A piece of which every bit is set, in place of its bytes.
  private static final byte[] ONES = {};

  /// A piece without a bit.
  private static final byte[] ZEROS = {};

  /// Bytes that one bitmap may hold in memory. Beyond, a changed piece counts as set altogether: a
  /// backup then reads more than it needs, and misses nothing.
  static final long MAX_HELD = 64L << 20;

  private final Storage storage;
  private final Geometry geometry;
  private final int granularityBits;
  private long diskSize;

  /// Entries of the table on disk.
  private long[] stored;

  /// Changed pieces; null where `stored` holds.
  private byte[] @Nullable [] changed;

  private long held;
  private int cachedIndex = -1;
  private byte[] cached = ZEROS;

  private BitmapData(
      Storage storage, Geometry geometry, int granularityBits, long diskSize, long[] stored) {
    this.storage = storage;
    this.geometry = geometry;
    this.granularityBits = granularityBits;
    this.diskSize = diskSize;
    this.stored = stored;
    this.changed = new byte[stored.length][];
  }

  /// A bitmap without a bit.
  static BitmapData empty(Storage storage, Geometry geometry, int granularityBits, long diskSize) {
    int pieces = (int) piecesFor(diskSize, granularityBits, geometry);
    return new BitmapData(storage, geometry, granularityBits, diskSize, new long[pieces]);
  }

  /// What a checked table on disk holds.
  static BitmapData of(
      Storage storage, Geometry geometry, int granularityBits, long diskSize, long[] table) {
    return new BitmapData(storage, geometry, granularityBits, diskSize, table);
  }

  /// Clusters of bits that a disk of this size needs.
  static long piecesFor(long diskSize, int granularityBits, Geometry geometry) {
    long bits = (diskSize >>> granularityBits) + ((diskSize & mask(granularityBits)) == 0 ? 0 : 1);
    return geometry.clustersFor((bits + 7) >>> 3);
  }

  private static long mask(int bits) {
    return (1L << bits) - 1;
  }

  int pieces() {
    return stored.length;
  }

  long diskSize() {
    return diskSize;
  }

  int granularityBits() {
    return granularityBits;
  }

  private long bits() {
    return (diskSize >>> granularityBits) + ((diskSize & mask(granularityBits)) == 0 ? 0 : 1);
  }

  private int pieceBits() {
    return geometry.clusterBits() + 3;
  }

  boolean isChanged(int piece) {
    return changed[piece] != null;
  }

  /// True if some piece is not as it is on disk.
  boolean anyChanged() {
    for (byte[] piece : changed) {
      if (piece != null) {
        return true;
      }
    }
    return false;
  }

  /// Counts all pieces as changed that fit into memory, so that they are written anew.
  void touch() throws IOException {
    for (int piece = 0; piece < changed.length; piece++) {
      byte[] now = read(piece);
      if (changed[piece] == null && held + now.length <= MAX_HELD) {
        held += now.length;
        changed[piece] = now;
      }
    }
    forgetCached();
  }

  long storedEntry(int piece) {
    return stored[piece];
  }

  /// The table entry that says all of a changed piece: 0, all ones, or -1 where it has bytes.
  long shortEntry(int piece) {
    byte[] bytes = changed[piece];
    if (bytes == ZEROS) {
      return 0;
    }
    return bytes == ONES ? BitmapDirectoryEntry.TABLE_ALL_ONES : -1;
  }

  /// The bytes of a changed piece that needs a cluster.
  ByteBuffer bytesOf(int piece) {
    return ByteBuffer.wrap(java.util.Objects.requireNonNull(changed[piece]));
  }

  /// Says that the pieces are on disk now, as this table has them.
  void nowStored(long[] table) {
    stored = table;
    changed = new byte[table.length][];
    held = 0;
    forgetCached();
  }

  private void forgetCached() {
    cachedIndex = -1;
    cached = ZEROS;
  }

  /// Sets the bits of all that `[from, to)` of the disk touches.
  void set(long from, long to) throws IOException {
    if (from >= to) {
      return;
    }
    long bit = from >>> granularityBits;
    long end = ((to - 1) >>> granularityBits) + 1;
    while (bit < end) {
      int piece = (int) (bit >>> pieceBits());
      long first = (long) piece << pieceBits();
      long stop = Math.min(end, first + (1L << pieceBits()));
      setIn(piece, (int) (bit - first), (int) (stop - first));
      bit = stop;
    }
  }

  private void setIn(int piece, int from, int to) throws IOException {
    if (allSet(piece, from, to)) {
      return;
    }
    long inPiece = Math.min(1L << pieceBits(), bits() - ((long) piece << pieceBits()));
    if (from == 0 && to >= inPiece) {
      replace(piece, ONES);
      return;
    }
    byte[] bytes = changed[piece];
    if (bytes == null || bytes == ZEROS) {
      if (held + geometry.clusterSize() > MAX_HELD) {
        replace(piece, ONES);
        return;
      }
      byte[] fresh = new byte[geometry.clusterSize()];
      byte[] old = read(piece);
      System.arraycopy(old, 0, fresh, 0, old.length);
      replace(piece, fresh);
      bytes = fresh;
    }
    setBits(bytes, from, to);
  }

  private static void setBits(byte[] bytes, int from, int to) {
    int bit = from;
    while (bit < to && (bit & 7) != 0) {
      bytes[bit >>> 3] |= (byte) (1 << (bit & 7));
      bit++;
    }
    if (bit < to) {
      Arrays.fill(bytes, bit >>> 3, to >>> 3, (byte) 0xff);
      for (bit = to & -8; bit < to; bit++) {
        bytes[bit >>> 3] |= (byte) (1 << (bit & 7));
      }
    }
  }

  private void replace(int piece, byte[] bytes) {
    byte[] old = changed[piece];
    held += bytes.length - (old == null ? 0 : old.length);
    changed[piece] = bytes;
    if (piece == cachedIndex) {
      forgetCached();
    }
  }

  private boolean allSet(int piece, int from, int to) throws IOException {
    byte[] bytes = read(piece);
    if (bytes.length == 0) {
      return bytes == ONES;
    }
    for (int bit = from; bit < to; bit++) {
      if ((bit & 7) == 0 && to - bit >= 8 && bytes[bit >>> 3] == -1) {
        bit += 7;
      } else if ((bytes[bit >>> 3] >>> (bit & 7) & 1) == 0) {
        return false;
      }
    }
    return true;
  }

  /// The piece as it is now: its bytes, [#ZEROS] or [#ONES]. Not to be changed.
  private byte[] read(int piece) throws IOException {
    byte[] bytes = changed[piece];
    if (bytes != null) {
      return bytes;
    }
    long entry = stored[piece];
    if ((entry & BitmapDirectoryEntry.TABLE_OFFSET_MASK) == 0) {
      return (entry & BitmapDirectoryEntry.TABLE_ALL_ONES) == 0 ? ZEROS : ONES;
    }
    if (piece != cachedIndex) {
      byte[] loaded = new byte[geometry.clusterSize()];
      storage.read(entry & BitmapDirectoryEntry.TABLE_OFFSET_MASK, ByteBuffer.wrap(loaded));
      cached = loaded;
      cachedIndex = piece;
    }
    return cached;
  }

  /// A bitmap without a bit, to take the place of this one.
  BitmapData cleared() {
    BitmapData empty = new BitmapData(storage, geometry, granularityBits, diskSize, stored);
    for (int i = 0; i < stored.length; i++) {
      empty.changed[i] = stored[i] == 0 ? null : ZEROS;
    }
    return empty;
  }

  /// The first byte from `from` on whose bit is as asked, or -1.
  long next(long from, boolean set) throws IOException {
    long end = from < diskSize ? bits() : 0;
    long bit = from >>> granularityBits;
    while (bit < end) {
      int piece = (int) (bit >>> pieceBits());
      long first = (long) piece << pieceBits();
      long stop = Math.min(end, first + (1L << pieceBits()));
      byte[] bytes = read(piece);
      if (bytes.length == 0) {
        if (bytes == ONES == set) {
          return Math.max(from, bit << granularityBits);
        }
      } else {
        int found = next(bytes, (int) (bit - first), (int) (stop - first), set);
        if (found >= 0) {
          return Math.max(from, (first + found) << granularityBits);
        }
      }
      bit = stop;
    }
    return -1;
  }

  private static int next(byte[] bytes, int from, int to, boolean set) {
    byte skip = (byte) (set ? 0 : 0xff);
    int bit = from;
    while (bit < to) {
      if ((bit & 7) == 0 && bytes[bit >>> 3] == skip) {
        bit += 8;
      } else if ((bytes[bit >>> 3] >>> (bit & 7) & 1) == (set ? 1 : 0)) {
        return bit;
      } else {
        bit++;
      }
    }
    return -1;
  }

  /// Fits the bitmap to another size of the disk. What is new has no bit.
  void resize(long newSize) throws IOException {
    long oldBits = bits();
    diskSize = newSize;
    int pieces = (int) piecesFor(newSize, granularityBits, geometry);
    for (int i = pieces; i < changed.length; i++) {
      held -= changed[i] == null ? 0 : changed[i].length;
    }
    int kept = Math.min(pieces, stored.length);
    // The last piece may have bits, or be all ones, where the new disk has none or no bit yet.
    int edge = kept - 1;
    long limit = Math.min(oldBits, bits()) - ((long) Math.max(0, edge) << pieceBits());
    byte[] last = kept == 0 ? ZEROS : read(edge);
    stored = Arrays.copyOf(stored, pieces);
    changed = Arrays.copyOf(changed, pieces);
    if (last != ZEROS) {
      byte[] cut = new byte[geometry.clusterSize()];
      if (last == ONES) {
        setBits(cut, 0, (int) limit);
      } else {
        System.arraycopy(last, 0, cut, 0, (int) ((limit + 7) >>> 3));
        if ((limit & 7) != 0) {
          cut[(int) (limit >>> 3)] &= (byte) mask((int) (limit & 7));
        }
      }
      replace(edge, cut);
    }
    forgetCached();
  }
}
