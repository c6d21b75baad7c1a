// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.bitmap;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;

import io.varve.image.qcow2.format.BitmapDirectoryEntry;
import io.varve.image.qcow2.format.BitmapsExtension;
import io.varve.image.qcow2.format.Bytes;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Reads the directory and the tables of an image's bitmaps, and refuses what QEMU refuses, in its
/// words. Bits stay on disk until they are asked for.
final class BitmapLoader {
  private static final String DIRECTORY = "bitmap directory";

  private final Storage storage;
  private final Geometry geometry;
  private final long diskSize;

  /// Bytes of tables that may still be read: tables that are longer than the file overlap, and
  /// following them could take forever.
  private long tableBytes;

  BitmapLoader(Storage storage, Geometry geometry, long diskSize) throws IOException {
    this.storage = storage;
    this.geometry = geometry;
    this.diskSize = diskSize;
    this.tableBytes = storage.size() + geometry.clusterSize();
  }

  /// @throws Qcow2FormatException CORRUPT where they break the rules
  List<KeptBitmap> load(BitmapsExtension extension) throws IOException {
    if (extension.directorySize() > storage.size()) {
      throw corrupt(
          DIRECTORY,
          extension.directoryOffset(),
          "Broken bitmap directory",
          "at most " + storage.size() + " bytes",
          extension.directorySize());
    }
    ByteBuffer directory = ByteBuffer.allocate((int) extension.directorySize());
    storage.read(extension.directoryOffset(), directory);
    directory.flip();
    List<KeptBitmap> bitmaps = new ArrayList<>();
    Set<Bytes> names = new HashSet<>();
    while (directory.hasRemaining()) {
      int at = directory.position();
      if (bitmaps.size() == extension.bitmaps()) {
        throw count("More", extension, bitmaps.size() + 1);
      }
      BitmapDirectoryEntry entry = BitmapDirectoryEntry.parse(directory, geometry);
      if (!entry.covers(diskSize, geometry)) {
        throw entry.unsound(at);
      }
      if (!names.add(entry.name())) {
        String what = "Bitmap already exists: " + entry.name().asText();
        throw corrupt(DIRECTORY, at, what, "one", "two of that name");
      }
      bitmaps.add(bitmap(entry, at));
    }
    if (bitmaps.size() < extension.bitmaps()) {
      throw count("Less", extension, bitmaps.size());
    }
    return bitmaps;
  }

  private static Qcow2FormatException count(String which, BitmapsExtension extension, int found) {
    return corrupt(
        DIRECTORY,
        extension.directoryOffset(),
        which + " bitmaps found than specified in header extension",
        extension.bitmaps(),
        found);
  }

  private KeptBitmap bitmap(BitmapDirectoryEntry entry, int at) throws IOException {
    BitmapData data = entry.inUse() ? null : data(entry);
    KeptBitmap bitmap = new KeptBitmap(entry.name(), entry.granularityBits(), entry.auto(), data);
    bitmap.entry = entry;
    bitmap.entryAt = at;
    bitmap.marked = entry.inUse();
    return bitmap;
  }

  private BitmapData data(BitmapDirectoryEntry entry) throws IOException {
    long pieces = BitmapData.piecesFor(diskSize, entry.granularityBits(), geometry);
    if (pieces != entry.tableEntries()) {
      throw unreadable("Could not read bitmap '%s' from image", entry, pieces);
    }
    long[] table = table(entry);
    for (long each : table) {
      if (!sound(each, geometry)) {
        throw unreadable(
            "Could not read bitmap_table table from image for bitmap '%s': Invalid argument",
            entry, "0x" + Long.toHexString(each));
      }
    }
    return BitmapData.of(storage, geometry, entry.granularityBits(), diskSize, table);
  }

  private static Qcow2FormatException unreadable(
      String what, BitmapDirectoryEntry entry, Object found) {
    return corrupt(
        "bitmap table",
        entry.tableOffset(),
        what.formatted(entry.name().asText()),
        "a table that fits the disk",
        found);
  }

  /// The entries of a table, unchecked.
  long[] table(BitmapDirectoryEntry entry) throws IOException {
    long bytes = (long) entry.tableEntries() * Long.BYTES;
    tableBytes -= bytes;
    if (tableBytes < 0) {
      throw unreadable(
          "Could not read bitmap_table table from image for bitmap '%s'",
          entry, "tables longer than the file");
    }
    ByteBuffer raw = ByteBuffer.allocate((int) bytes);
    storage.read(entry.tableOffset(), raw);
    long[] table = new long[entry.tableEntries()];
    raw.flip().asLongBuffer().get(table);
    return table;
  }

  /// True if an entry of a table follows the rules.
  static boolean sound(long entry, Geometry geometry) {
    long offset = entry & BitmapDirectoryEntry.TABLE_OFFSET_MASK;
    boolean ones = (entry & BitmapDirectoryEntry.TABLE_ALL_ONES) != 0;
    return (entry & BitmapDirectoryEntry.TABLE_RESERVED_MASK) == 0
        && geometry.isClusterAligned(offset)
        && (offset == 0 || !ones);
  }
}
