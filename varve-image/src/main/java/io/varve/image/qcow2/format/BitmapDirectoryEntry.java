// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;
import static io.varve.image.qcow2.format.Qcow2FormatException.truncated;

import java.nio.ByteBuffer;

/// One entry of the bitmap directory (spec: "Bitmap directory"), as far as a check needs it.
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
public record BitmapDirectoryEntry(long tableOffset, int tableEntries, int flags, Bytes name) {
  /// An entry of a bitmap table: bits 9-55 offset, bit 0 all ones where the offset is 0.
  public static final long TABLE_OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

  public static final long TABLE_RESERVED_MASK = 0xff00_0000_0000_01feL;
  public static final long TABLE_ALL_ONES = 1;

  private static final String STRUCTURE = "bitmap directory";
  private static final int FIXED_LENGTH = 24;
  private static final int KNOWN_FLAGS = 0b111;
  private static final int DIRTY_TRACKING = 1;
  private static final int MIN_GRANULARITY_BITS = 9;
  private static final int MAX_GRANULARITY_BITS = 31;
  private static final long MAX_BITMAP_BYTES = 512L << 20;

  /// Reads one entry, moving the position of `src` past it.
  public static BitmapDirectoryEntry parse(ByteBuffer src, Geometry geometry)
      throws Qcow2FormatException {
    int start = src.position();
    if (src.remaining() < FIXED_LENGTH) {
      throw truncated(STRUCTURE, start, FIXED_LENGTH, src.remaining());
    }
    int nameLength = src.getShort(start + 18) & 0xffff;
    require(src.getInt(start + 20) == 0, start + 20, "Bitmap extra data is not supported");
    require(nameLength > 0 && nameLength <= Limits.MAX_BITMAP_NAME, start + 18, "length of a name");
    int length = HeaderExtension.padded(FIXED_LENGTH + nameLength);
    if (src.remaining() < length) {
      throw truncated(STRUCTURE, start, length, src.remaining());
    }
    long offset = src.getLong(start);
    long entries = src.getInt(start + 8) & 0xffff_ffffL;
    int flags = src.getInt(start + 12);
    int granularity = src.get(start + 17) & 0xff;
    require(offset > 0 && geometry.isClusterAligned(offset), start, "offset of a bitmap table");
    require(
        entries > 0 && entries << geometry.clusterBits() <= MAX_BITMAP_BYTES,
        start + 8,
        "size of a bitmap table");
    require((flags & ~KNOWN_FLAGS) == 0, start + 12, "reserved flags");
    require(src.get(start + 16) == DIRTY_TRACKING, start + 16, "type of a bitmap");
    require(
        granularity >= MIN_GRANULARITY_BITS && granularity <= MAX_GRANULARITY_BITS,
        start + 17,
        "granularity of a bitmap");
    Bytes name = Bytes.take(src.duplicate().position(start + FIXED_LENGTH), nameLength);
    src.position(start + length);
    return new BitmapDirectoryEntry(offset, (int) entries, flags, name);
  }

  private static void require(boolean holds, int at, String what) throws Qcow2FormatException {
    if (!holds) {
      throw corrupt(STRUCTURE, at, what, "a value within QEMU's limits", "another");
    }
  }
}
