// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/// A set of host cluster indexes, sparse over the whole 56-bit space: which clusters hold metadata.
/// Memory follows the metadata, not the file. Not thread safe; guarded by the layer's lock.
public final class ClusterSet {
  private static final int CHUNK_BITS = 14;
  private static final int CHUNK_MASK = (1 << CHUNK_BITS) - 1;

  private final Map<Long, BitSet> chunks = new HashMap<>();

  public void add(long cluster) {
    chunks
        .computeIfAbsent(cluster >>> CHUNK_BITS, _ -> new BitSet())
        .set((int) cluster & CHUNK_MASK);
  }

  public void add(long first, long count) {
    long end = first + count;
    for (long from = first; from < end; ) {
      long chunkEnd = Math.min(end, ((from >>> CHUNK_BITS) + 1) << CHUNK_BITS);
      BitSet chunk = chunks.computeIfAbsent(from >>> CHUNK_BITS, _ -> new BitSet());
      chunk.set((int) from & CHUNK_MASK, (int) ((chunkEnd - 1) & CHUNK_MASK) + 1);
      from = chunkEnd;
    }
  }

  public void remove(long cluster) {
    BitSet chunk = chunks.get(cluster >>> CHUNK_BITS);
    if (chunk != null) {
      chunk.clear((int) cluster & CHUNK_MASK);
    }
  }

  public void remove(long first, long count) {
    long end = first + count;
    for (long from = first; from < end; ) {
      long chunkEnd = Math.min(end, ((from >>> CHUNK_BITS) + 1) << CHUNK_BITS);
      BitSet chunk = chunks.get(from >>> CHUNK_BITS);
      if (chunk != null) {
        chunk.clear((int) from & CHUNK_MASK, (int) ((chunkEnd - 1) & CHUNK_MASK) + 1);
      }
      from = chunkEnd;
    }
  }

  public boolean contains(long cluster) {
    BitSet chunk = chunks.get(cluster >>> CHUNK_BITS);
    return chunk != null && chunk.get((int) cluster & CHUNK_MASK);
  }

  /// The first of `count` clusters from `first` on that is in the set, or -1.
  public long first(long first, long count) {
    long end = first + count;
    for (long from = first; from < end; ) {
      long chunkStart = from & -(1L << CHUNK_BITS);
      BitSet chunk = chunks.get(from >>> CHUNK_BITS);
      int found = chunk == null ? -1 : chunk.nextSetBit((int) from & CHUNK_MASK);
      if (found >= 0) {
        return chunkStart + found < end ? chunkStart + found : -1;
      }
      from = chunkStart + (1L << CHUNK_BITS);
    }
    return -1;
  }
}
