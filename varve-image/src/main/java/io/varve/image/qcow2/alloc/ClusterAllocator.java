// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.alloc;

import io.varve.image.CorruptImageException;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.metadata.ImageDamage;
import io.varve.image.qcow2.metadata.OverlapCheck;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Hands out host clusters and takes back those that were never referred to. Clusters that lose
/// their last reference go through [DroppedClusters].
///
/// First fit from where the last search ended, or from the lowest cluster freed since: the order in
/// which QEMU gives clusters away, so that an image comes out with the same layout. An allocation
/// sets counts in memory; they are durable before any reference, by
/// [io.varve.image.qcow2.metadata.FlushOrder]. Guarded by the layer's exclusive lock.
public final class ClusterAllocator {
  private final Storage storage;
  private final Geometry geometry;
  private final Refcounts refcounts;
  private final OverlapCheck overlaps;
  private final ImageDamage damage;
  private RefcountGrowth growth;
  private long searchFrom;
  private long blankFrom;

  /// @param overlaps asked for each cluster: an allocation that meets one of the image's own
  ///   structures shows that the refcounts are wrong
  public ClusterAllocator(
      Storage storage,
      Geometry geometry,
      Refcounts refcounts,
      OverlapCheck overlaps,
      ImageDamage damage)
      throws IOException {
    this.storage = storage;
    this.geometry = geometry;
    this.refcounts = refcounts;
    this.overlaps = overlaps;
    this.damage = damage;
    this.growth = _ -> {};
    this.blankFrom =
        storage.capabilities().fixedSize() ? Long.MAX_VALUE : geometry.clustersFor(storage.size());
  }

  /// Sets who adds refcount blocks; the two need each other.
  public void attachGrowth(RefcountGrowth refcountGrowth) {
    this.growth = refcountGrowth;
  }

  /// Makes sure that a refcount block covers `cluster`.
  void cover(long cluster) throws IOException {
    growth.cover(cluster);
  }

  /// Allocates exactly `count` neighbouring clusters.
  public ClusterRun allocate(long count) throws IOException {
    return allocate(count, null);
  }

  /// Allocates exactly `count` neighbouring clusters.
  ///
  /// @param what QEMU's name of what goes there if that may never lie at offset 0, else null
  public ClusterRun allocate(long count, @Nullable String what) throws IOException {
    storage.announce(StorageEvent.CLUSTER_ALLOC);
    try {
      return allocateBehind(count, what);
    } catch (NoSpaceException e) {
      if (!storage.capabilities().fixedSize()) {
        throw e;
      }
    }
    searchFrom = 0;
    return allocateBehind(count, what);
  }

  private ClusterRun allocateBehind(long count, @Nullable String what) throws IOException {
    while (true) {
      long first = find(count);
      requireNotFirst(first, what);
      storage.announce(StorageEvent.REFBLOCK_ALLOC);
      long missing = refcounts.firstNotCovered(first, count);
      if (missing < 0) {
        take(first, count);
        return finish(first, count);
      }
      requireRoom(first, count);
      growth.cover(missing);
      // A short run whose first cluster was not covered is not tried again: QEMU leaves it, too.
      if (missing > first || count > geometry.refcountBlockEntries()) {
        mayBeFree(first);
      }
    }
  }

  /// Allocates 1 to `most` neighbouring clusters: all of them, unless the store cannot grow and has
  /// no such gap left.
  public ClusterRun allocateUpTo(long most) throws IOException {
    try {
      return allocate(most);
    } catch (NoSpaceException e) {
      if (most == 1 || !storage.capabilities().fixedSize()) {
        throw e;
      }
    }
    return allocate(Math.max(1, freeRun(refcounts.firstFree(0), most)));
  }

  /// The first of `count` neighbouring clusters that nothing refers to, whether counted or not. The
  /// next search begins behind them; a gap that is too small is passed over until something near it
  /// is freed.
  long find(long count) throws IOException {
    long first = refcounts.firstFree(searchFrom);
    for (long free = freeRun(first, count); free < count; free = freeRun(first, count)) {
      first = refcounts.firstFree(first + free);
    }
    searchFrom = first + count;
    return first;
  }

  /// Free clusters from `first` on, at most `most`; where no refcount block exists all are free.
  private long freeRun(long first, long most) throws IOException {
    long count = 0;
    while (count < most) {
      long here =
          refcounts.covered(first + count)
              ? refcounts.freeFrom(first + count, most - count)
              : Math.min(most - count, refcounts.endOfBlock(first + count) - first - count);
      if (here == 0) {
        break;
      }
      count += here;
    }
    return count;
  }

  private void take(long first, long count) throws IOException {
    requireRoom(first, count);
    overlaps.requireFree(first, count);
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

  /// Refuses cluster 0 for what may never lie there: its count must be wrong.
  void requireNotFirst(long cluster, @Nullable String what) throws CorruptImageException {
    if (cluster == 0 && what != null) {
      throw damage.fatal("Preventing invalid allocation of " + what + " at offset 0");
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

  /// Says that the file now ends at this cluster: what follows is blank again.
  public void endMoved(long endCluster) {
    blankFrom = Math.min(blankFrom, endCluster);
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
  @FunctionalInterface
  public interface RefcountGrowth {
    /// Makes sure that a refcount block covers `cluster`, or one step towards that: it may take any
    /// free cluster for itself, so the caller searches again.
    void cover(long cluster) throws IOException;
  }
}
