// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Pieces of L2 tables and refcount blocks in memory, under one bound for the whole layer.
///
/// - A block is `min(cluster, 4096)` bytes, keyed by its host offset.
/// - Clean blocks are evicted by a second-chance clock; dirty ones stay until [FlushOrder] writes
///   them.
/// - Loading may happen from many threads at once (shared lock); changing, dropping and writing
///   only under the layer's exclusive lock.
public final class MetadataCache {
  /// Largest piece of one write when neighbours are dirty together.
  private static final int MAX_GATHERED = 1 << 20;

  private static final int MAX_BLOCK = 4096;
  private static final int MAX_BLANK = 64 << 10;

  /// A layer deep in a chain is asked for a range at a time and needs no more.
  private static final int LEAST = 2;

  private final Storage storage;
  private final int blockSize;
  private volatile int maxBlocks;
  private final ConcurrentHashMap<Long, MetadataBlock> blocks = new ConcurrentHashMap<>();
  private final Map<WriteStage, TreeMap<Long, MetadataBlock>> dirty =
      new EnumMap<>(WriteStage.class);
  private final AtomicBoolean evicting = new AtomicBoolean();

  public MetadataCache(Storage storage, int clusterSize, long maxBytes) {
    this.storage = storage;
    this.blockSize = Math.min(clusterSize, MAX_BLOCK);
    bound(maxBytes);
    for (WriteStage stage : WriteStage.values()) {
      dirty.put(stage, new TreeMap<>());
    }
  }

  /// Changes the bound of what is kept, bytes.
  public final void bound(long maxBytes) {
    maxBlocks = (int) Math.max(LEAST, Math.min(Integer.MAX_VALUE, maxBytes / blockSize));
    if (blocks.size() > maxBlocks) {
      evict();
    }
  }

  public int blockSize() {
    return blockSize;
  }

  /// The block of an L2 table that holds this host offset, loaded if need be.
  public MetadataBlock get(long hostOffset) throws IOException {
    return get(hostOffset, false);
  }

  /// The piece of a refcount block that holds this host offset, loaded if need be.
  public MetadataBlock getCounts(long hostOffset) throws IOException {
    return get(hostOffset, true);
  }

  private MetadataBlock get(long hostOffset, boolean counts) throws IOException {
    long start = hostOffset & -(long) blockSize;
    MetadataBlock block = blocks.get(start);
    if (block == null) {
      block = load(start, counts);
    }
    block.touch();
    return block;
  }

  private MetadataBlock load(long start, boolean counts) throws IOException {
    storage.announce(counts ? StorageEvent.REFBLOCK_LOAD : StorageEvent.L2_LOAD);
    byte[] bytes = new byte[blockSize];
    storage.read(start, ByteBuffer.wrap(bytes));
    MetadataBlock loaded = new MetadataBlock(start, bytes, counts);
    MetadataBlock raced = blocks.putIfAbsent(start, loaded);
    if (blocks.size() > maxBlocks) {
      evict();
    }
    return raced != null ? raced : loaded;
  }

  /// Says that a new L2 table is all zero on disk, which saves reading it.
  public void addBlank(long hostOffset, int length) {
    if (length <= MAX_BLANK) {
      for (int at = 0; at < length; at += blockSize) {
        blocks.put(hostOffset + at, new MetadataBlock(hostOffset + at, new byte[blockSize], false));
      }
      if (blocks.size() > maxBlocks) {
        evict();
      }
    }
  }

  private void evict() {
    if (!evicting.compareAndSet(false, true)) {
      return;
    }
    try {
      int surplus = blocks.size() - maxBlocks + maxBlocks / 16;
      for (int pass = 0; pass < 2 && surplus > 0; pass++) {
        Iterator<MetadataBlock> clock = blocks.values().iterator();
        while (clock.hasNext() && surplus > 0) {
          MetadataBlock block = clock.next();
          if (!block.dirty() && !block.takeUsed()) {
            clock.remove();
            surplus--;
          }
        }
      }
    } finally {
      evicting.set(false);
    }
  }

  /// Changes the word at a host offset; it reaches the disk in `stage`.
  public void setWord(long hostOffset, long value, WriteStage stage) throws IOException {
    MetadataBlock block = get(hostOffset);
    block.setWord(hostOffset, value);
    markDirty(block, stage);
  }

  /// Says that the bytes of `block` were changed. A block that waits for a stage keeps that stage.
  public void markDirty(MetadataBlock block, WriteStage stage) {
    if (!block.dirty()) {
      block.setDirty(true);
      waiting(stage).put(block.offset(), block);
      blocks.put(block.offset(), block);
    }
  }

  /// Forgets what the range held, changed or not: its clusters are free, or are about to be written
  /// past this cache.
  public void drop(long hostOffset, long length) {
    long start = hostOffset & -(long) blockSize;
    long end = hostOffset + length;
    if ((end - start) / blockSize > blocks.size()) {
      for (Long at : blocks.keySet()) {
        if (at >= start && at < end) {
          dropOne(at);
        }
      }
      return;
    }
    for (long at = start; at < end; at += blockSize) {
      dropOne(at);
    }
  }

  private void dropOne(long at) {
    MetadataBlock block = blocks.remove(at);
    if (block != null && block.dirty()) {
      block.setDirty(false);
      dirty.values().forEach(stage -> stage.remove(block.offset()));
    }
  }

  public boolean hasDirty(WriteStage stage) {
    return !waiting(stage).isEmpty();
  }

  public int dirtyBlocks() {
    int sum = 0;
    for (TreeMap<Long, MetadataBlock> stage : dirty.values()) {
      sum += stage.size();
    }
    return sum;
  }

  /// Writes the changed blocks of one stage, neighbours together. A block leaves the set only once
  /// its write has returned, so that a full disk loses nothing and the call can be repeated.
  ///
  /// @param overlaps asked first for each of them
  void write(WriteStage stage, @Nullable OverlapCheck overlaps) throws IOException {
    TreeMap<Long, MetadataBlock> waiting = waiting(stage);
    if (overlaps != null && overlaps.anyDisputed()) {
      for (long offset : waiting.keySet()) {
        overlaps.requireUndisputed(offset);
      }
    }
    while (!waiting.isEmpty()) {
      long start = waiting.firstKey();
      int count = 1;
      while (count < MAX_GATHERED / blockSize
          && waiting.containsKey(start + (long) count * blockSize)) {
        count++;
      }
      ByteBuffer gathered = ByteBuffer.allocate(count * blockSize);
      for (int i = 0; i < count; i++) {
        gathered.put(blocksAt(waiting, start + (long) i * blockSize).bytes());
      }
      boolean counts = blocksAt(waiting, start).counts();
      storage.announce(counts ? StorageEvent.REFBLOCK_UPDATE_PART : StorageEvent.L2_UPDATE);
      storage.write(start, gathered.flip());
      for (int i = 0; i < count; i++) {
        blocksAt(waiting, start + (long) i * blockSize).setDirty(false);
        waiting.remove(start + (long) i * blockSize);
      }
    }
  }

  private TreeMap<Long, MetadataBlock> waiting(WriteStage stage) {
    return Objects.requireNonNull(dirty.get(stage));
  }

  private static MetadataBlock blocksAt(TreeMap<Long, MetadataBlock> waiting, long at) {
    return Objects.requireNonNull(waiting.get(at));
  }
}
