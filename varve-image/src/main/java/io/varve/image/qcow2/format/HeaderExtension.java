// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.nio.ByteBuffer;

/// One header extension (spec: "Header extensions"): a type, and data that is kept byte for byte.
///
/// | bytes | meaning |
/// |---|---|
/// | 0-3 | type (magic) |
/// | 4-7 | length of the data |
/// | 8.. | data, then zeros up to a multiple of 8 |
///
/// @param magic the type; [#END] is not an extension but the end of the list
public record HeaderExtension(int magic, Bytes data) {
  public static final int END = 0;
  public static final int BACKING_FORMAT = 0xe2792aca;
  public static final int FEATURE_NAMES = 0x6803f857;
  public static final int BITMAPS = 0x23852875;
  public static final int LUKS = 0x0537be77;

  /// "DATA": the name of the external data file.
  public static final int DATA_FILE = 0x44415441;

  static final int PREFIX = 8;

  public HeaderExtension(int magic, byte[] data) {
    this(magic, Bytes.of(data));
  }

  /// Bytes in the file, padding included.
  public int encodedLength() {
    return PREFIX + padded(data.length());
  }

  void encode(ByteBuffer dst) {
    dst.putInt(magic).putInt(data.length());
    data.putTo(dst);
    dst.put(new byte[padded(data.length()) - data.length()]);
  }

  static int padded(int length) {
    return (length + 7) & -8;
  }
}
