// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.chain.map.MapEntry;

/// The 8-byte word of which blocks are made (spec: "Words"). It is an entry of the map, which then
/// stands for everything beneath it, or a reference to a block:
///
/// | bits | field |
/// |---|---|
/// | 61-63 | 7: a node of the tree; 6: the runs of a unit that is not uniform |
/// | 32-60 | number of the block |
/// | 0-31 | CRC32C of the block |
final class SideWord {
  static final int RUNS = MapEntry.MIXED;
  static final int NODE = 7;

  /// Blocks are numbered below this.
  static final long MAX_BLOCKS = 1L << 29;

  /// log2 of the words of a node.
  static final int FAN_BITS = 6;

  /// Words of a node.
  static final int FAN = 1 << FAN_BITS;

  private SideWord() {}

  static long reference(int kind, long block, int crc) {
    return (long) kind << 61 | block << 32 | Integer.toUnsignedLong(crc);
  }

  static int kind(long word) {
    return (int) (word >>> 61);
  }

  static long block(long word) {
    return word >>> 32 & (MAX_BLOCKS - 1);
  }

  static int crc(long word) {
    return (int) word;
  }

  static boolean isReference(long word) {
    return kind(word) >= RUNS;
  }

  /// True if all that a node says follows from its first word, which can then stand for it.
  ///
  /// @param spanBytes guest bytes of one word
  static boolean uniform(long[] words, long spanBytes) {
    long first = words[0];
    if (isReference(first)) {
      return false;
    }
    for (int i = 1; i < words.length; i++) {
      if (words[i] != MapEntry.advance(first, i * spanBytes)) {
        return false;
      }
    }
    return true;
  }
}
