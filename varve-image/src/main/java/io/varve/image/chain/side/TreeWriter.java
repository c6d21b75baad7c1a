// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.chain.map.MapPage;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Makes a new tree out of an old one: what changed is copied, what did not is shared. Pages are
/// put in rising order; each node on the way is written once, when the next page lies behind it.
///
/// **Threads.** One.
final class TreeWriter {
  private final BlockFile blocks;
  private final TreeReader reader;
  private final int height;
  private final long[] @Nullable [] open;
  private final long[] openAt;
  private final boolean[] dirty;
  private long root;

  /// @param root of a tree of that height
  TreeWriter(BlockFile blocks, TreeReader reader, long root, int height) {
    this.blocks = blocks;
    this.reader = reader;
    this.root = root;
    this.height = height;
    this.open = new long[height] @Nullable [];
    this.openAt = new long[height];
    this.dirty = new boolean[height];
  }

  /// Sets the words of a page. Its words before are the old tree's: each page is put once.
  ///
  /// @param page above all that were put before
  void put(long page, long[] words) throws IOException {
    long[] node = seek(page * MapPage.UNITS);
    int first = (int) (page * MapPage.UNITS >>> SideWord.FAN_BITS) & SideWord.FAN - 1;
    for (int leaf = 0; leaf * SideWord.FAN < words.length; leaf++) {
      long[] part = Arrays.copyOfRange(words, leaf * SideWord.FAN, (leaf + 1) * SideWord.FAN);
      long before = node[first + leaf];
      if (!Arrays.equals(part, reader.nodeOrUniform(before, 0))) {
        node[first + leaf] = write(part, 0);
        dirty[1] = true;
      }
    }
  }

  /// Sets all units from `from` on; before any page is put. Returns the root of the tree with that.
  ///
  /// @param from a multiple of a page's units
  /// @param word an entry without a host offset
  long fillFrom(long from, long word) throws IOException {
    root = filled(root, height, 0, from, word);
    return root;
  }

  private long filled(long word, int level, long start, long from, long value) throws IOException {
    long span = TreeReader.spanUnits(level);
    if (start >= from) {
      return value;
    }
    if (start + span <= from) {
      return word;
    }
    long[] node = reader.nodeOrUniform(word, level - 1);
    long step = TreeReader.spanUnits(level - 1);
    for (int i = 0; i < node.length; i++) {
      node[i] = filled(node[i], level - 1, start + i * step, from, value);
    }
    return write(node, level - 1);
  }

  /// The root of the new tree.
  long finish() throws IOException {
    settle();
    return root;
  }

  /// The node of level 1 that holds the unit's leaf.
  private long[] seek(long unit) throws IOException {
    for (int level = height - 1; level >= 1; level--) {
      long at = unit >>> SideWord.FAN_BITS * (level + 1);
      if (open[level] == null || openAt[level] != at) {
        close(level);
        open[level] = reader.nodeOrUniform(wordOf(level, at), level);
        openAt[level] = at;
      }
    }
    long[] node = open[1];
    if (node == null) {
      throw new IllegalStateException("a tree of height " + height);
    }
    return node;
  }

  private long wordOf(int level, long at) {
    long[] parent = level == height - 1 ? null : open[level + 1];
    return parent == null ? root : parent[(int) at & SideWord.FAN - 1];
  }

  private void settle() throws IOException {
    close(height - 1);
  }

  /// Writes out what is open at this level and beneath.
  private void close(int top) throws IOException {
    for (int level = 1; level <= top; level++) {
      long[] node = open[level];
      if (node != null && dirty[level]) {
        long word = write(node, level);
        long[] parent = level == height - 1 ? null : open[level + 1];
        if (parent == null) {
          root = word;
        } else {
          parent[(int) openAt[level] & SideWord.FAN - 1] = word;
          dirty[level + 1] = true;
        }
      }
      open[level] = null;
      dirty[level] = false;
    }
  }

  /// @param level of the node's words
  private long write(long[] node, int level) throws IOException {
    long span = TreeReader.spanUnits(level) << reader.unitBits();
    return SideWord.uniform(node, span) ? node[0] : blocks.append(node);
  }
}
