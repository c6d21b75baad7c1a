// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

import java.util.Map;
import java.util.TreeMap;

/// A set of host cluster indexes, sparse over the whole 56-bit space: which clusters hold metadata.
/// Memory follows the metadata, not the file: single clusters lie in words of 64 neighbours, long
/// stretches are kept as such. Not thread safe; guarded by the layer's lock.
public final class ClusterSet {
  private static final int WORD_BITS = 6;

  /// Clusters from which a stretch is kept by its ends.
  private static final int LONG_STRETCH = 1 << 12;

  /// Open addressing: the number of each word plus one, 0 for none, and its bits.
  private long[] keys = new long[256];

  private long[] words = new long[256];
  private int used;

  /// Long stretches, disjoint: the first cluster and the end of each.
  private final TreeMap<Long, Long> stretches = new TreeMap<>();

  public void add(long cluster) {
    if (used * 2 >= keys.length) {
      grow();
    }
    set(cluster >>> WORD_BITS, 1L << cluster);
  }

  public void add(long first, long count) {
    if (count < LONG_STRETCH) {
      for (long cluster = first; cluster < first + count; cluster++) {
        add(cluster);
      }
      return;
    }
    long from = first;
    long to = first + count;
    for (Map.Entry<Long, Long> old = stretches.floorEntry(to);
        old != null && old.getValue() >= from;
        old = stretches.floorEntry(to)) {
      from = Math.min(from, old.getKey());
      to = Math.max(to, old.getValue());
      stretches.remove(old.getKey());
    }
    stretches.put(from, to);
  }

  public void remove(long cluster) {
    remove(cluster, 1);
  }

  public void remove(long first, long count) {
    long end = first + count;
    for (long at = first; at < end; ) {
      long wordEnd = Math.min(end, ((at >>> WORD_BITS) + 1) << WORD_BITS);
      int slot = slotOf(at >>> WORD_BITS);
      if (keys[slot] != 0) {
        words[slot] &= ~mask(at, wordEnd);
      }
      at = wordEnd;
    }
    carve(first, end);
  }

  private void carve(long first, long end) {
    for (Map.Entry<Long, Long> old = stretches.lowerEntry(end);
        old != null && old.getValue() > first;
        old = stretches.lowerEntry(end)) {
      long from = old.getKey();
      long to = old.getValue();
      stretches.remove(from);
      if (from < first) {
        stretches.put(from, first);
      }
      if (to > end) {
        stretches.put(end, to);
      }
    }
  }

  /// True if nothing was ever added.
  public boolean isEmpty() {
    return used == 0 && stretches.isEmpty();
  }

  public boolean contains(long cluster) {
    int slot = slotOf(cluster >>> WORD_BITS);
    return (keys[slot] != 0 && (words[slot] & 1L << cluster) != 0) || inStretch(cluster);
  }

  private boolean inStretch(long cluster) {
    if (stretches.isEmpty()) {
      return false;
    }
    Map.Entry<Long, Long> stretch = stretches.floorEntry(cluster);
    return stretch != null && stretch.getValue() > cluster;
  }

  /// The first of `count` clusters from `first` on that is in the set, or -1.
  public long first(long first, long count) {
    long end = first + count;
    long found = firstInStretch(first, end);
    long limit = found < 0 ? end : found;
    for (long at = first; at < limit; ) {
      long wordEnd = Math.min(limit, ((at >>> WORD_BITS) + 1) << WORD_BITS);
      int slot = slotOf(at >>> WORD_BITS);
      long bits = keys[slot] == 0 ? 0 : words[slot] & mask(at, wordEnd);
      if (bits != 0) {
        return (at & -(1L << WORD_BITS)) + Long.numberOfTrailingZeros(bits);
      }
      at = wordEnd;
    }
    return found;
  }

  private long firstInStretch(long first, long end) {
    if (stretches.isEmpty()) {
      return -1;
    }
    if (inStretch(first)) {
      return first;
    }
    Long next = stretches.ceilingKey(first);
    return next != null && next < end ? next : -1;
  }

  /// Bits of the clusters `[from, to)`, which lie in one word.
  private static long mask(long from, long to) {
    return (-1L << from) & (-1L >>> -to);
  }

  private void set(long word, long bits) {
    int slot = slotOf(word);
    if (keys[slot] == 0) {
      keys[slot] = word + 1;
      words[slot] = 0;
      used++;
    }
    words[slot] |= bits;
  }

  /// Where this word lies, or would lie.
  private int slotOf(long word) {
    int mask = keys.length - 1;
    int slot = (int) (word * 0x9e37_79b9_7f4a_7c15L >>> 40) & mask;
    while (keys[slot] != 0 && keys[slot] != word + 1) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    long[] oldWords = words;
    int live = 0;
    for (long bits : oldWords) {
      live += bits != 0 ? 1 : 0;
    }
    int size = live * 4 > oldKeys.length ? oldKeys.length * 2 : oldKeys.length;
    keys = new long[size];
    words = new long[size];
    used = 0;
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0 && oldWords[i] != 0) {
        set(oldKeys[i] - 1, oldWords[i]);
      }
    }
  }
}
