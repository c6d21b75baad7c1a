// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.BitmapDirectoryEntry;
import io.varve.image.qcow2.format.BitmapsExtension;
import io.varve.image.qcow2.format.Bytes;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.HeaderExtension;
import io.varve.image.qcow2.format.Qcow2FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Counts the clusters of persistent bitmaps. Where the autoclear bit is clear, somebody has
/// written without keeping them: they are stale, nothing refers to them, and their clusters are
/// leaks.
final class BitmapWalk {
  private static final int CHUNK = 1 << 20;

  private final CheckedImage image;
  private final Tally tally;
  private final References references;

  BitmapWalk(CheckedImage image, Tally tally, References references) {
    this.image = image;
    this.tally = tally;
    this.references = references;
  }

  /// @return false if the bitmaps cannot be followed, which ends QEMU's check
  boolean walk() throws IOException {
    Bytes data = image.area().extension(HeaderExtension.BITMAPS).orElse(null);
    if (data == null || (image.header().autoclear() & FeatureBits.BITMAPS) == 0) {
      return true;
    }
    try {
      return walkDirectory(BitmapsExtension.parse(data, image.geometry()));
    } catch (Qcow2FormatException e) {
      // QEMU counts it and does not say more.
      tally.corruptions(1);
      tally.incomplete();
      return false;
    }
  }

  private boolean walkDirectory(BitmapsExtension bitmaps) throws IOException {
    long size = bitmaps.directorySize();
    if (!references.addTable(bitmaps.directoryOffset(), size, 1, "bitmap directory")) {
      tally.incomplete();
      if (references.exhausted()) {
        return true;
      }
    }
    ByteBuffer directory = image.read(bitmaps.directoryOffset(), (int) size);
    for (int i = 0; i < bitmaps.bitmaps(); i++) {
      walkTable(BitmapDirectoryEntry.parse(directory, image.geometry()));
    }
    if (directory.hasRemaining()) {
      throw Qcow2FormatException.corrupt(
          "bitmap directory",
          directory.position(),
          "number of bitmaps",
          bitmaps.bitmaps(),
          "more than specified in header extension");
    }
    return true;
  }

  private void walkTable(BitmapDirectoryEntry bitmap) throws IOException {
    long offset = bitmap.tableOffset();
    long length = (long) bitmap.tableEntries() * Long.BYTES;
    if (offset > Long.MAX_VALUE - length
        || !references.addTable(offset, length, 1, "bitmap table")) {
      tally.incomplete();
      return;
    }
    for (long done = 0; done < length; done += CHUNK) {
      ByteBuffer part = image.read(offset + done, (int) Math.min(CHUNK, length - done));
      while (part.hasRemaining()) {
        entry(part.getLong());
      }
    }
  }

  private void entry(long entry) {
    long offset = entry & BitmapDirectoryEntry.TABLE_OFFSET_MASK;
    boolean ones = (entry & BitmapDirectoryEntry.TABLE_ALL_ONES) != 0;
    if ((entry & BitmapDirectoryEntry.TABLE_RESERVED_MASK) != 0
        || !image.geometry().isClusterAligned(offset)
        || (offset != 0 && ones)) {
      tally.corruptions(1);
      tally.incomplete();
    } else if (offset != 0) {
      references.add(offset, image.clusterSize(), 1);
    }
  }
}
