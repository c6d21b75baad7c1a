// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Bytes in memory with holes: what a [MemoryStorage] holds. Not for several threads.
final class SparseBytes {
  /// Bytes of one block: the unit of holes.
  static final int BLOCK = 4096;

  private final TreeMap<Long, byte[]> blocks = new TreeMap<>();
  private long size;

  SparseBytes() {}

  SparseBytes(SparseBytes from) {
    from.blocks.forEach((number, block) -> blocks.put(number, block.clone()));
    size = from.size;
  }

  long size() {
    return size;
  }

  long allocatedBytes() {
    return (long) blocks.size() * BLOCK;
  }

  /// Bytes that a write of the range would newly allocate.
  long neededFor(long position, long length) {
    if (length == 0) {
      return 0;
    }
    long first = position / BLOCK;
    long last = (position + length - 1) / BLOCK;
    return (last - first + 1 - blocks.subMap(first, true, last, true).size()) * BLOCK;
  }

  void read(long position, ByteBuffer dst) {
    long at = position;
    while (dst.hasRemaining()) {
      int within = (int) (at % BLOCK);
      int count = Math.min(dst.remaining(), BLOCK - within);
      byte[] block = blocks.get(at / BLOCK);
      if (block == null) {
        dst.put(Zeros.piece(count));
      } else {
        dst.put(block, within, count);
      }
      at += count;
    }
  }

  void write(long position, ByteBuffer src) {
    if (!src.hasRemaining()) {
      return;
    }
    long at = position;
    while (src.hasRemaining()) {
      int within = (int) (at % BLOCK);
      int count = Math.min(src.remaining(), BLOCK - within);
      src.get(blocks.computeIfAbsent(at / BLOCK, _ -> new byte[BLOCK]), within, count);
      at += count;
    }
    size = Math.max(size, at);
  }

  /// Cuts or grows.
  void truncate(long newSize) {
    if (newSize < size) {
      punch(newSize, (size - newSize + 2L * BLOCK - 1) / BLOCK * BLOCK);
    }
    size = newSize;
  }

  /// Drops whole blocks, zeroes parts of blocks; the size stays.
  void punch(long position, long length) {
    if (length == 0) {
      return;
    }
    long end = position + length;
    long first = Math.ceilDiv(position, (long) BLOCK);
    long last = end / BLOCK;
    if (first > last) {
      clear(position, end);
      return;
    }
    blocks.subMap(first, last).clear();
    clear(position, first * BLOCK);
    clear(last * BLOCK, end);
  }

  /// Zeroes a range inside one block, if the block exists.
  private void clear(long from, long to) {
    byte[] block = from < to ? blocks.get(from / BLOCK) : null;
    if (block != null) {
      int within = (int) (from % BLOCK);
      java.util.Arrays.fill(block, within, within + (int) (to - from), (byte) 0);
    }
  }

  Storage.@Nullable DataRange nextData(long position) {
    Map.Entry<Long, byte[]> first = blocks.ceilingEntry(position / BLOCK);
    if (first == null) {
      return null;
    }
    long start = Math.max(position, first.getKey() * BLOCK);
    if (start >= size) {
      return null;
    }
    long next = first.getKey() + 1;
    while (blocks.containsKey(next)) {
      next++;
    }
    return new Storage.DataRange(start, Math.min(next * BLOCK, size) - start);
  }
}
