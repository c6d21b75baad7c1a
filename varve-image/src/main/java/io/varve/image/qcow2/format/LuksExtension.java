// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;

import java.nio.ByteBuffer;

/// The full disk encryption header pointer (spec: "Full disk encryption header pointer"): where the
/// LUKS header lies, in counted clusters of its own.
///
/// | bytes | field |
/// |---|---|
/// | 0-7 | offset of the LUKS header, cluster aligned |
/// | 8-15 | its length in bytes |
///
/// @param length unsigned, not bounded by the file
public record LuksExtension(long offset, long length) {
  private static final String STRUCTURE = "header extension";
  private static final int LENGTH = 16;

  /// @param at where the extension lies, for the message
  /// @param method of encryption that the header names
  static LuksExtension parse(Bytes data, int at, int method, int clusterSize)
      throws Qcow2FormatException {
    if (method != Header.CRYPT_LUKS) {
      throw corrupt(
          STRUCTURE,
          at,
          "CRYPTO header extension only expected with LUKS encryption method",
          Header.CRYPT_LUKS,
          method);
    }
    if (data.length() != LENGTH) {
      throw corrupt(
          STRUCTURE,
          at,
          "CRYPTO header extension size %d, but expected size %d".formatted(data.length(), LENGTH),
          LENGTH,
          data.length());
    }
    ByteBuffer in = data.buffer();
    long offset = in.getLong(0);
    if (offset % clusterSize != 0) {
      throw corrupt(
          STRUCTURE,
          at,
          "Encryption header offset '%s' is not a multiple of cluster size '%d'"
              .formatted(Long.toUnsignedString(offset), clusterSize),
          "a multiple of " + clusterSize,
          Long.toUnsignedString(offset));
    }
    return new LuksExtension(offset, in.getLong(8));
  }

  /// The extension with this content.
  public HeaderExtension encode() {
    ByteBuffer data = ByteBuffer.allocate(LENGTH).putLong(offset).putLong(length);
    return new HeaderExtension(HeaderExtension.LUKS, data.array());
  }
}
