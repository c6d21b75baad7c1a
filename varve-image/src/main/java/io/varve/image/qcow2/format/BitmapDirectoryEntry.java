// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;

import java.nio.ByteBuffer;

/// One entry of the bitmap directory (spec: "Bitmap directory").
///
/// | bytes | field |
/// |---|---|
/// | 0-7 | offset of the bitmap table |
/// | 8-11 | entries of that table |
/// | 12-15 | flags: 0 in use, 1 auto, 2 extra data compatible |
/// | 16 | type, 1: dirty tracking |
/// | 17 | log2 of the granularity, 9 to 31 |
/// | 18-19 | length of the name, 1 to 1023 |
/// | 20-23 | length of the extra data; QEMU knows none |
/// | 24.. | extra data, name, zeros up to a multiple of 8 |
public record BitmapDirectoryEntry(
    long tableOffset, int tableEntries, int flags, int granularityBits, Bytes name) {
  /// An entry of a bitmap table: bits 9-55 offset, bit 0 all ones where the offset is 0.
  public static final long TABLE_OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

  public static final long TABLE_RESERVED_MASK = 0xff00_0000_0000_01feL;
  public static final long TABLE_ALL_ONES = 1;

  /// Flag: somebody writes, or has written, without having stored the bitmap since. Its content
  /// must not be used.
  public static final int IN_USE = 1;

  /// Flag: the bitmap records changes of the disk.
  public static final int AUTO = 1 << 1;

  public static final int MIN_GRANULARITY_BITS = 9;
  public static final int MAX_GRANULARITY_BITS = 31;

  /// QEMU loads no larger bitmap.
  public static final long MAX_BITMAP_BYTES = 512L << 20;

  /// Where the flags stand in an entry.
  public static final int FLAGS_AT = 12;

  private static final String STRUCTURE = "bitmap directory";
  private static final int FIXED_LENGTH = 24;
  private static final int KNOWN_FLAGS = 0b111;
  private static final int DIRTY_TRACKING = 1;

  /// Reads one entry, moving the position of `src` past it. The wording is QEMU's.
  public static BitmapDirectoryEntry parse(ByteBuffer src, Geometry geometry)
      throws Qcow2FormatException {
    int start = src.position();
    if (src.remaining() < FIXED_LENGTH) {
      throw broken(start, FIXED_LENGTH, src.remaining());
    }
    int nameLength = src.getShort(start + 18) & 0xffff;
    long extra = src.getInt(start + 20) & 0xffff_ffffL;
    long length = (FIXED_LENGTH + nameLength + extra + 7) & -8;
    if (src.remaining() < length) {
      throw broken(start, length, src.remaining());
    }
    if (extra != 0) {
      throw corrupt(STRUCTURE, start + 20, "Bitmap extra data is not supported", 0, extra);
    }
    Bytes name = Bytes.take(src.duplicate().position(start + FIXED_LENGTH), nameLength);
    BitmapDirectoryEntry entry =
        new BitmapDirectoryEntry(
            src.getLong(start),
            src.getInt(start + 8),
            src.getInt(start + FLAGS_AT),
            src.get(start + 17) & 0xff,
            name);
    if (src.get(start + 16) != DIRTY_TRACKING || !entry.sound(geometry)) {
      throw entry.unsound(start);
    }
    src.position(start + (int) length);
    return entry;
  }

  private boolean sound(Geometry geometry) {
    long entries = tableEntries & 0xffff_ffffL;
    return tableOffset > 0
        && geometry.isClusterAligned(tableOffset)
        && entries > 0
        && entries <= Limits.MAX_BITMAP_TABLE_ENTRIES
        && entries << geometry.clusterBits() <= MAX_BITMAP_BYTES
        && (flags & ~KNOWN_FLAGS) == 0
        && granularityBits >= MIN_GRANULARITY_BITS
        && granularityBits <= MAX_GRANULARITY_BITS
        && !name.isEmpty()
        && name.length() <= Limits.MAX_BITMAP_NAME;
  }

  /// True if the table covers a disk of this size; a bitmap in use need not.
  public boolean covers(long diskSize, Geometry geometry) {
    long bits = ((long) tableEntries << geometry.clusterBits()) * Byte.SIZE;
    return inUse() || diskSize >>> granularityBits < bits || diskSize == bits << granularityBits;
  }

  private static Qcow2FormatException broken(int at, long need, long has) {
    return corrupt(STRUCTURE, at, "Broken bitmap directory", need + " bytes", has + " bytes");
  }

  /// What to throw where the values go beyond what QEMU takes.
  public Qcow2FormatException unsound(int at) {
    return corrupt(
        STRUCTURE,
        at,
        "Bitmap '" + name.asText() + "' doesn't satisfy the constraints",
        "values within QEMU's limits",
        "others");
  }

  public boolean inUse() {
    return (flags & IN_USE) != 0;
  }

  public boolean auto() {
    return (flags & AUTO) != 0;
  }

  public BitmapDirectoryEntry withFlags(int newFlags) {
    return new BitmapDirectoryEntry(tableOffset, tableEntries, newFlags, granularityBits, name);
  }

  /// Bytes in the directory, padding included.
  public int encodedLength() {
    return lengthFor(name.length());
  }

  /// Bytes of an entry whose name has that many.
  public static int lengthFor(int nameLength) {
    return HeaderExtension.padded(FIXED_LENGTH + nameLength);
  }

  public void encode(ByteBuffer dst) {
    int start = dst.position();
    dst.putLong(tableOffset).putInt(tableEntries).putInt(flags);
    dst.put((byte) DIRTY_TRACKING).put((byte) granularityBits).putShort((short) name.length());
    dst.putInt(0);
    name.putTo(dst);
    while (dst.position() < start + encodedLength()) {
      dst.put((byte) 0);
    }
  }
}
