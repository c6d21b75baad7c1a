// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

/// The frame of a record: type, length of the payload, payload, CRC32C. Big endian.
final class DiffFrame {
  /// "VDIF"; a stream begins with it.
  static final int HEADER = 0x56444946;

  /// "DATA": u64 start, bytes.
  static final int DATA = 0x44415441;

  /// "ZERO": u64 start, u64 length.
  static final int ZERO = 0x5a45524f;

  /// "VEND": u64 records, u64 data bytes, u64 zero bytes, digest of the result, SHA-256 of all that
  /// came before.
  static final int END = 0x56454e44;

  /// Type and length.
  static final int HEAD = 8;

  static final int CRC = 4;
  static final int MOST_DATA = 1 << 20;
  static final int ZERO_LENGTH = 16;
  static final int END_LENGTH = 24 + 2 * DiskDigest.LENGTH;
  static final int LONGEST = HEAD + 8 + MOST_DATA + CRC;

  private DiffFrame() {}

  /// The least and the most that the payload of this type may have; null for an unknown type.
  static int @org.jspecify.annotations.Nullable [] bounds(int type) {
    return switch (type) {
      case HEADER -> new int[] {DiffHeader.FIXED + 3, DiffHeader.LONGEST};
      case DATA -> new int[] {9, 8 + MOST_DATA};
      case ZERO -> new int[] {ZERO_LENGTH, ZERO_LENGTH};
      case END -> new int[] {END_LENGTH, END_LENGTH};
      default -> null;
    };
  }
}
