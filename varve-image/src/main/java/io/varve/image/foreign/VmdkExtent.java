// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.CorruptImageException;
import io.varve.image.ExtentKind;
import io.varve.image.ImageException;
import io.varve.image.LayerExtent;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/// One stretch of a VMDK's disk, in a file: flat, or sparse in grains that a directory and tables
/// of 4-byte sector numbers find.
final class VmdkExtent {
  private static final long SECTOR = 512;

  /// In tables of an image that says so: a grain of zeros.
  private static final long ZEROED = 1;

  private static final int MARKER = 12;

  private final Storage file;
  private final String name;
  private final String type;
  private final long start;
  private final long size;
  private final SparseHeader grains;
  private final long flatOffset;
  private final TableReader table;

  /// The grain decoded last: reads of one grain in a row decode it once.
  private volatile @Nullable Decoded decoded;

  private record Decoded(long offset, byte[] bytes) {}

  /// @param name of the file as the descriptor has it, empty in a file that describes itself
  /// @param type as the descriptor has it, empty in a file that describes itself
  /// @param grains null for a flat extent
  /// @param flatOffset bytes before the data of a flat extent
  VmdkExtent(
      Storage file,
      String name,
      String type,
      long start,
      long size,
      @Nullable SparseHeader grains,
      long flatOffset) {
    this.file = file;
    this.name = name;
    this.type = type;
    this.start = start;
    this.size = size;
    this.grains = grains == null ? SparseHeader.NONE : grains;
    this.flatOffset = flatOffset;
    this.table = new TableReader(file, ByteOrder.LITTLE_ENDIAN);
  }

  Storage file() {
    return file;
  }

  String name() {
    return name;
  }

  String type() {
    return type;
  }

  long end() {
    return start + size;
  }

  long size() {
    return size;
  }

  boolean flat() {
    return grains == SparseHeader.NONE;
  }

  boolean compressed() {
    return grains.compressed();
  }

  /// Bytes of one grain, 0 in a flat extent.
  long grainBytes() {
    return grains.grainSectors() * SECTOR;
  }

  /// The stretch at a place of the disk that lies in this extent.
  LayerExtent piece(long at, long length) throws IOException {
    long in = at - start;
    long part = Math.min(length, end() - at);
    if (flat()) {
      return new LayerExtent(at, part, ExtentKind.DATA, flatOffset + in);
    }
    long grain = in / grainBytes();
    long index = grain / grains.entriesPerTable();
    long directoryEntry = directoryEntry(index, in);
    if (directoryEntry == 0) {
      // Nothing at all as far as a table would reach.
      long next = (index + 1) * grains.entriesPerTable() * grainBytes();
      return new LayerExtent(at, Math.min(part, next - in), ExtentKind.NONE, -1);
    }
    long inGrain = in % grainBytes();
    part = Math.min(part, grainBytes() - inGrain);
    long place = directoryEntry * SECTOR + grain % grains.entriesPerTable() * 4;
    long sector = table.int32(place);
    if (sector == 0) {
      return new LayerExtent(at, part, ExtentKind.NONE, -1);
    }
    if (sector == ZEROED && grains.zeroGrains()) {
      return new LayerExtent(at, part, ExtentKind.ZERO, -1);
    }
    return grains.compressed()
        ? new LayerExtent(at, part, ExtentKind.COMPRESSED, sector * SECTOR)
        : new LayerExtent(at, part, ExtentKind.DATA, sector * SECTOR + inGrain);
  }

  private long directoryEntry(long index, long in) throws IOException {
    if (index >= grains.directorySize()) {
      throw new CorruptImageException(
          "%s: the grain directory of the VMDK ends before sector %d"
              .formatted(file.name(), in / SECTOR));
    }
    return table.int32(grains.directoryOffset() + index * 4);
  }

  /// Fills `dst` from the grain at a host offset.
  void readGrain(long offset, long at, ByteBuffer dst) throws IOException {
    Decoded grain = decoded;
    if (grain == null || grain.offset() != offset) {
      grain = new Decoded(offset, decode(offset));
      decoded = grain;
    }
    int from = (int) ((at - start) % grainBytes());
    if (from + dst.remaining() > grain.bytes().length) {
      throw damaged(offset, "it is too short");
    }
    dst.put(grain.bytes(), from, dst.remaining());
  }

  private byte[] decode(long offset) throws IOException {
    int most = 2 * (int) grainBytes();
    int length = (int) grainBytes();
    long from = offset;
    if (grains.markers()) {
      ByteBuffer marker = ByteBuffer.allocate(MARKER).order(ByteOrder.LITTLE_ENDIAN);
      file.read(offset, marker);
      length = marker.getInt(8);
      from += MARKER;
    }
    if (length <= 0 || length > most) {
      throw damaged(offset, "it has " + Integer.toUnsignedString(length) + " compressed bytes");
    }
    byte[] packed = new byte[length];
    file.read(from, ByteBuffer.wrap(packed));
    byte[] bytes = new byte[(int) grainBytes()];
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(packed);
      int filled = 0;
      while (!inflater.finished()) {
        int n = inflater.inflate(bytes, filled, bytes.length - filled);
        filled += n;
        if (n == 0 && !inflater.finished()) {
          throw damaged(offset, "its data does not end");
        }
      }
      return filled == bytes.length ? bytes : java.util.Arrays.copyOf(bytes, filled);
    } catch (DataFormatException e) {
      throw damaged(offset, "its data cannot be decoded: " + e.getMessage());
    } finally {
      inflater.end();
    }
  }

  private CorruptImageException damaged(long offset, String what) {
    return ImageException.inWords(
        "Invalid argument",
        Refused.invalid(file, "compressed grain at " + offset + " of the VMDK: " + what));
  }

  /// How the grains of a sparse extent are found.
  ///
  /// @param directoryOffset of the grain directory, bytes
  /// @param directorySize its entries
  /// @param entriesPerTable grains that one table finds
  /// @param markers each compressed grain begins with its number and length
  /// @param zeroGrains the sector number 1 means zeros
  record SparseHeader(
      long capacity,
      long grainSectors,
      long directoryOffset,
      long directorySize,
      long entriesPerTable,
      boolean compressed,
      boolean markers,
      boolean zeroGrains) {
    static final SparseHeader NONE = new SparseHeader(0, 0, 0, 0, 0, false, false, false);
  }
}
