// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.chain.map.MapEntry;
import io.varve.image.chain.map.MapPage;
import java.io.IOException;

/// Reads a tree of nodes (spec: "The tree"). A word at level k stands for 64^k units; a tree of
/// height h is one word at level h. Its depth is bounded by the height, whatever the blocks say.
///
/// **Threads.** Any.
final class TreeReader {
  /// A page's words lie in one node of level 1 and in at most this many leaves.
  private static final int LEAVES = MapPage.UNITS / SideWord.FAN;

  /// 64^9 units of 512 bytes are all that a guest offset can say.
  static final int MAX_HEIGHT = 9;

  static final int MIN_HEIGHT = 2;

  private final BlockFile blocks;
  private final int unitBits;

  TreeReader(BlockFile blocks, int unitBits) {
    this.blocks = blocks;
    this.unitBits = unitBits;
  }

  /// The height of the smallest tree for a disk of this size.
  static int heightFor(long size, int unitBits) {
    long units = ((size - 1) >> unitBits) + 1;
    int height = MIN_HEIGHT;
    while (height < MAX_HEIGHT && units >> (SideWord.FAN_BITS * height) > 0) {
      height++;
    }
    return height;
  }

  /// The words of a page's 512 units; page and tree overlap.
  long[] page(long root, int height, long page) throws IOException {
    long unit = page * MapPage.UNITS;
    if (page < 0 || unit >>> SideWord.FAN_BITS * height != 0) {
      throw new SideFileDamage("page " + page + " is outside of a tree of height " + height);
    }
    long word = root;
    for (int level = height - 1; level >= 1; level--) {
      if (SideWord.kind(word) != SideWord.NODE) {
        long inWord = unit & spanUnits(level + 1) - 1;
        return expand(word, inWord << unitBits, MapPage.UNITS);
      }
      long[] node = node(word, level);
      int at = (int) (unit >>> SideWord.FAN_BITS * level) & SideWord.FAN - 1;
      if (level == 1) {
        return leaves(node, at);
      }
      word = node[at];
    }
    throw new IllegalArgumentException("a tree of height " + height);
  }

  private long[] leaves(long[] node, int first) throws IOException {
    long[] words = new long[MapPage.UNITS];
    for (int i = 0; i < LEAVES; i++) {
      long word = node[first + i];
      long[] leaf =
          SideWord.kind(word) == SideWord.NODE ? node(word, 0) : expand(word, 0, SideWord.FAN);
      System.arraycopy(leaf, 0, words, i * SideWord.FAN, SideWord.FAN);
    }
    return words;
  }

  /// A node whose words are at `level`.
  long[] node(long word, int level) throws IOException {
    long[] words = blocks.read(word);
    int wrong = level == 0 ? SideWord.NODE : SideWord.RUNS;
    for (long each : words) {
      if (SideWord.kind(each) == wrong) {
        throw new SideFileDamage(
            "block %d: a word of kind %d".formatted(SideWord.block(word), wrong));
      }
    }
    return words;
  }

  /// The node beneath a word, whether it was written out or not.
  long[] nodeOrUniform(long word, int level) throws IOException {
    return SideWord.kind(word) == SideWord.NODE
        ? node(word, level)
        : spread(word, spanUnits(level) << unitBits);
  }

  private long[] expand(long word, long offset, int count) throws IOException {
    if (SideWord.isReference(word)) {
      throw new SideFileDamage("a reference where a node ends");
    }
    long[] words = new long[count];
    for (int i = 0; i < count; i++) {
      words[i] = MapEntry.advance(word, offset + ((long) i << unitBits));
    }
    return words;
  }

  private static long[] spread(long word, long spanBytes) {
    long[] words = new long[SideWord.FAN];
    for (int i = 0; i < SideWord.FAN; i++) {
      words[i] = MapEntry.advance(word, i * spanBytes);
    }
    return words;
  }

  /// Units that one word at `level` stands for.
  static long spanUnits(int level) {
    return 1L << SideWord.FAN_BITS * level;
  }

  int unitBits() {
    return unitBits;
  }
}
