// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.alloc;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.metadata.ClusterSet;
import io.varve.image.qcow2.metadata.FlushOrder;
import io.varve.image.qcow2.metadata.MetadataCache;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.util.Arrays;

/// Clusters that lost a reference in this epoch. They keep their count and their content until the
/// loss is durable, because until then a crash brings the reference back; then they are counted
/// down, and what nobody refers to any more is punched out of the file where the store can. Guarded
/// by the layer's exclusive lock.
public final class DroppedClusters implements FlushOrder.Release {
  private final Storage storage;
  private final Geometry geometry;
  private final Refcounts refcounts;
  private final ClusterAllocator allocator;
  private final MetadataCache cache;
  private final ClusterSet metadata;
  private final boolean punch;
  private long[] waiting = new long[64];
  private int count;
  private long freedBytes;
  private long punchedBytes;

  /// @param punch give freed clusters back to the store; without it they only wait for reuse
  public DroppedClusters(
      Storage storage,
      Geometry geometry,
      Refcounts refcounts,
      ClusterAllocator allocator,
      MetadataCache cache,
      ClusterSet metadata,
      boolean punch) {
    this.storage = storage;
    this.geometry = geometry;
    this.refcounts = refcounts;
    this.allocator = allocator;
    this.cache = cache;
    this.metadata = metadata;
    this.punch = punch && storage.capabilities().punch();
  }

  /// One reference to this cluster is gone, in memory so far.
  public void drop(long cluster) {
    if (count == waiting.length) {
      waiting = Arrays.copyOf(waiting, count * 2);
    }
    waiting[count++] = cluster;
  }

  public void drop(long first, long clusters) {
    for (long cluster = first; cluster < first + clusters; cluster++) {
      drop(cluster);
    }
  }

  /// References whose loss is not durable yet.
  public int waiting() {
    return count;
  }

  @Override
  public void release() throws IOException {
    if (count == 0) {
      return;
    }
    // Taken out first: should a count turn out wrong below, the rest leaks and is not counted
    // twice.
    long[] gone = Arrays.copyOf(waiting, count);
    count = 0;
    Arrays.sort(gone);
    long runStart = -1;
    long runEnd = -1;
    for (long cluster : gone) {
      if (refcounts.decrement(cluster) != 0) {
        continue;
      }
      metadata.remove(cluster);
      allocator.mayBeFree(cluster);
      if (cluster != runEnd) {
        free(runStart, runEnd);
        runStart = cluster;
      }
      runEnd = cluster + 1;
    }
    free(runStart, runEnd);
  }

  private void free(long first, long end) throws IOException {
    if (end <= first) {
      return;
    }
    long position = geometry.hostOffset(first);
    long length = geometry.hostOffset(end) - position;
    cache.drop(position, length);
    freedBytes += length;
    if (punch && storage.punch(position, length)) {
      punchedBytes += length;
    }
  }

  /// Bytes of clusters freed since the layer was opened.
  public long freedBytes() {
    return freedBytes;
  }

  /// Bytes of them that went back to the store.
  public long punchedBytes() {
    return punchedBytes;
  }
}
