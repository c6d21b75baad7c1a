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
  private static final int LENGTH = 24;

  public static BitmapsExtension parse(Bytes data, Geometry geometry) throws Qcow2FormatException {
    if (data.length() != LENGTH) {
      throw corrupt(STRUCTURE, 0, "bitmaps_ext: Invalid extension length", LENGTH, data.length());
    }
    ByteBuffer in = data.buffer();
    long bitmaps = in.getInt(0) & 0xffff_ffffL;
    if (bitmaps == 0 || bitmaps > Limits.MAX_BITMAPS) {
      throw corrupt(STRUCTURE, 0, "number of bitmaps", "1 to " + Limits.MAX_BITMAPS, bitmaps);
    }
    if (in.getInt(4) != 0) {
      throw corrupt(STRUCTURE, 4, "bitmaps_ext: Reserved field is not zero", 0, in.getInt(4));
    }
    long size = in.getLong(8);
    if (size <= 0 || size > Limits.MAX_BITMAP_DIRECTORY_BYTES) {
      throw corrupt(
          STRUCTURE,
          8,
          "bitmap directory size",
          "1 to " + Limits.MAX_BITMAP_DIRECTORY_BYTES,
          Long.toUnsignedString(size));
    }
    long offset = in.getLong(16);
    if (offset <= 0 || !geometry.isClusterAligned(offset) || offset > Long.MAX_VALUE - size) {
      throw corrupt(
          STRUCTURE,
          16,
          "invalid bitmap directory offset",
          "a multiple of the cluster size",
          Long.toUnsignedString(offset));
    }
    return new BitmapsExtension((int) bitmaps, size, offset);
  }
}
