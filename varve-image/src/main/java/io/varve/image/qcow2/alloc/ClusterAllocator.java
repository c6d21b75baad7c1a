// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.alloc;

import io.varve.image.CorruptImageException;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.metadata.ClusterSet;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import java.io.IOException;

/// Hands out host clusters and takes back those that were never referred to. Clusters that lose
/// their last reference go through [DroppedClusters].
///
/// First fit from the lowest cluster that may be free, so that freed space is reused before the
/// file grows. An allocation sets counts in memory; they are durable before any reference, by
/// [io.varve.image.qcow2.metadata.FlushOrder]. Guarded by the layer's exclusive lock.
public final class ClusterAllocator {
  private static final RefcountGrowth NO_GROWTH =
      new RefcountGrowth() {
        @Override
        public boolean cover(long cluster, long room) {
          return false;
        }

        @Override
        public boolean coverFrom(long first, long free, long room) {
          return false;
        }
      };

  private final Storage storage;
  private final Geometry geometry;
  private final Refcounts refcounts;
  private final ClusterSet metadata;
  private RefcountGrowth growth;
  private long searchFrom = 1;
  private long blankFrom;

  /// @param metadata clusters that hold the image's own structures; an allocation that meets one
  ///   shows that the refcounts are wrong
  public ClusterAllocator(
      Storage storage, Geometry geometry, Refcounts refcounts, ClusterSet metadata)
      throws IOException {
    this.storage = storage;
    this.geometry = geometry;
    this.refcounts = refcounts;
    this.metadata = metadata;
    this.growth = NO_GROWTH;
    this.blankFrom =
        storage.capabilities().fixedSize() ? Long.MAX_VALUE : geometry.clustersFor(storage.size());
  }

  /// Sets who adds refcount blocks; the two need each other.
  public void attachGrowth(RefcountGrowth refcountGrowth) {
    this.growth = refcountGrowth;
  }

  /// Allocates 1 to `most` neighbouring clusters, as many as the first gap has.
  public ClusterRun allocate(long most) throws IOException {
    long first = firstFreeCovered(searchFrom);
    long count = freeRun(first, most);
    take(first, count);
    searchFrom = first + count;
    return finish(first, count);
  }

  /// Allocates exactly `count` neighbouring clusters, for a table.
  public ClusterRun allocateTable(long count) throws IOException {
    long lowest = firstFreeCovered(searchFrom);
    long first = lowest;
    for (long found = freeRun(first, count); found < count; found = freeRun(first, count)) {
      long next = first + found;
      if (refcounts.covered(next)) {
        first = firstFreeCovered(next);
      } else if (growth.coverFrom(first, found, count)) {
        first = firstFreeCovered(first);
      } else {
        first = growth.cover(next, count) ? firstFreeCovered(next) : next;
      }
    }
    take(first, count);
    searchFrom = first == lowest ? first + count : lowest;
    return finish(first, count);
  }

  /// Allocates this very cluster if it is free; for what has to follow its predecessor directly.
  public boolean allocateAt(long cluster) throws IOException {
    if (!refcounts.covered(cluster) || refcounts.get(cluster) != 0) {
      return false;
    }
    take(cluster, 1);
    usedUpTo(cluster + 1);
    return true;
  }

  private long firstFreeCovered(long from) throws IOException {
    long cluster = refcounts.firstFree(from);
    while (!refcounts.covered(cluster)) {
      growth.cover(cluster, 1);
      cluster = refcounts.firstFree(cluster);
    }
    return cluster;
  }

  private long freeRun(long first, long most) throws IOException {
    long count = 0;
    while (count < most && refcounts.covered(first + count)) {
      long free = refcounts.freeFrom(first + count, most - count);
      count += free;
      if (free == 0) {
        break;
      }
    }
    return count;
  }

  private void take(long first, long count) throws IOException {
    requireRoom(first, count);
    long used = metadata.first(first, count);
    if (used >= 0) {
      requireNotMetadata(used);
    }
    refcounts.set(first, count, 1);
  }

  private ClusterRun finish(long first, long count) {
    boolean blank = first >= blankFrom;
    usedUpTo(first + count);
    return new ClusterRun(first, count, blank);
  }

  /// Refuses clusters that the format or a fixed-size store cannot hold.
  void requireRoom(long first, long count) throws IOException {
    long end = geometry.hostOffset(first + count);
    if (storage.capabilities().fixedSize() && end > storage.size()) {
      throw new NoSpaceException(
          "%s: no free cluster is left on the device of %d bytes; delete a snapshot, discard data or"
                  .formatted(storage.name(), storage.size())
              + " enlarge the device");
    }
    if (end > Geometry.MAX_HOST_OFFSET) {
      throw new NoSpaceException(storage.name() + ": the file would pass 2^56 bytes");
    }
  }

  void requireNotMetadata(long cluster) throws CorruptImageException {
    if (metadata.contains(cluster)) {
      throw new CorruptImageException(
          "%s: refcount of cluster at %#x: is 0, but the cluster holds metadata; nothing was written,"
                  .formatted(storage.name(), geometry.hostOffset(cluster))
              + " run a check with repair");
    }
  }

  /// True if the cluster lies past everything ever written.
  boolean blank(long cluster) {
    return cluster >= blankFrom;
  }

  /// Host offset behind everything that was ever written or allocated.
  public long writtenEnd() {
    return blankFrom == Long.MAX_VALUE ? Long.MAX_VALUE : geometry.hostOffset(blankFrom);
  }

  void usedUpTo(long endCluster) {
    if (blankFrom != Long.MAX_VALUE) {
      blankFrom = Math.max(blankFrom, endCluster);
    }
  }

  /// Takes back clusters that nothing refers to, in memory or on disk: a write into them failed.
  public void unallocate(long first, long count) throws IOException {
    refcounts.set(first, count, 0);
    mayBeFree(first);
  }

  /// Says that this cluster's count fell to 0.
  void mayBeFree(long cluster) {
    searchFrom = Math.min(searchFrom, cluster);
  }

  /// Adds refcount blocks.
  public interface RefcountGrowth {
    /// Makes sure that a refcount block covers `cluster`; returns true after adding one, which
    /// takes clusters at or after `cluster` for itself.
    ///
    /// @param room clusters that the caller is about to allocate there
    boolean cover(long cluster, long room) throws IOException;

    /// Makes sure that `room` clusters behind `first` are covered, with the new blocks at `first`
    /// itself, where `free` covered clusters are free. Returns false, having changed nothing, where
    /// that does not do.
    boolean coverFrom(long first, long free, long room) throws IOException;
  }
}
