// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;

import java.nio.ByteBuffer;

/// The bitmaps extension (spec: "Bitmaps extension"); it holds only while the autoclear bit is set.
///
/// | bytes | field |
/// |---|---|
/// | 0-3 | number of bitmaps, 1 to 65535 |
/// | 4-7 | reserved, 0 |
/// | 8-15 | size of the bitmap directory in bytes |
/// | 16-23 | offset of the bitmap directory, cluster aligned |
public record BitmapsExtension(int bitmaps, long directorySize, long directoryOffset) {
  private static final String STRUCTURE = "bitmaps extension";
  static final int LENGTH = 24;

  public static BitmapsExtension parse(Bytes data, Geometry geometry) throws Qcow2FormatException {
    if (data.length() != LENGTH) {
      throw corrupt(STRUCTURE, 0, "bitmaps_ext: Invalid extension length", LENGTH, data.length());
    }
    ByteBuffer in = data.buffer();
    long bitmaps = in.getInt(0) & 0xffff_ffffL;
    long size = in.getLong(8);
    long offset = in.getLong(16);
    require(in.getInt(4) == 0, 4, "bitmaps_ext: Reserved field is not zero", in.getInt(4));
    require(
        bitmaps <= Limits.MAX_BITMAPS,
        0,
        "bitmaps_ext: Image has %d bitmaps, exceeding the QEMU supported maximum of %d"
            .formatted(bitmaps, Limits.MAX_BITMAPS),
        bitmaps);
    require(bitmaps > 0, 0, "found bitmaps extension with zero bitmaps", bitmaps);
    require(
        geometry.isClusterAligned(offset),
        16,
        "bitmaps_ext: invalid bitmap directory offset",
        Long.toUnsignedString(offset));
    require(
        size >= 0 && size <= Limits.MAX_BITMAP_DIRECTORY_BYTES,
        8,
        "bitmaps_ext: bitmap directory size (%s) exceeds the maximum supported size (%d)"
            .formatted(Long.toUnsignedString(size), Limits.MAX_BITMAP_DIRECTORY_BYTES),
        Long.toUnsignedString(size));
    require(size > 0, 8, "Requested bitmap directory size is zero", size);
    require(
        offset > 0 && offset <= Long.MAX_VALUE - size,
        16,
        "Failed to read bitmap directory",
        Long.toUnsignedString(offset));
    return new BitmapsExtension((int) bitmaps, size, offset);
  }

  private static void require(boolean holds, int at, String what, Object found)
      throws Qcow2FormatException {
    if (!holds) {
      throw corrupt(STRUCTURE, at, what, "a value within QEMU's limits", found);
    }
  }

  /// The extension with this content.
  public HeaderExtension encode() {
    ByteBuffer data = ByteBuffer.allocate(LENGTH);
    data.putInt(bitmaps).putInt(0).putLong(directorySize).putLong(directoryOffset);
    return new HeaderExtension(HeaderExtension.BITMAPS, data.array());
  }
}
