// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.alloc;

import io.varve.image.CorruptImageException;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.metadata.ClusterSet;
import io.varve.image.qcow2.metadata.FlushOrder;
import io.varve.image.qcow2.metadata.ImageDamage;
import io.varve.image.qcow2.metadata.MetadataCache;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;

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
  private final ImageDamage damage;

  /// Runs of neighbours, `first` and `end` each.
  private Run[] runs = new Run[64];

  private int count;
  private int waiting;
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
      boolean punch,
      ImageDamage damage) {
    this.damage = damage;
    this.storage = storage;
    this.geometry = geometry;
    this.refcounts = refcounts;
    this.allocator = allocator;
    this.cache = cache;
    this.metadata = metadata;
    this.punch = punch && storage.capabilities().punch();
  }

  private record Run(long first, long end) {}

  /// One reference to this cluster is gone, in memory so far.
  public void drop(long cluster) {
    drop(cluster, 1);
  }

  /// One reference to each of these clusters is gone.
  public void drop(long first, long clusters) {
    waiting += (int) Math.min(clusters, Integer.MAX_VALUE - waiting);
    if (count > 0 && runs[count - 1].end() == first) {
      runs[count - 1] = new Run(runs[count - 1].first(), first + clusters);
      return;
    }
    if (count == runs.length) {
      runs = Arrays.copyOf(runs, count * 2);
    }
    runs[count++] = new Run(first, first + clusters);
  }

  /// References whose loss is not durable yet.
  public int waiting() {
    return waiting;
  }

  @Override
  public void release() throws IOException {
    if (count == 0) {
      return;
    }
    storage.announce(StorageEvent.CLUSTER_FREE);
    // Taken out first: should a count turn out wrong below, the rest leaks and is not counted
    // twice.
    Run[] gone = Arrays.copyOf(runs, count);
    count = 0;
    waiting = 0;
    Arrays.sort(gone, Comparator.comparingLong(Run::first));
    Freed freed = new Freed();
    for (Run run : gone) {
      for (long at = run.first(); at < run.end(); ) {
        at += release(at, run.end() - at, freed);
      }
    }
    freed.finish();
  }

  /// Counts down as many of the clusters as go at once. A count that is 0 already, or cannot be
  /// found, is damage: as in QEMU it is told, and the cluster leaks at worst.
  private long release(long first, long clusters, Freed freed) throws IOException {
    try {
      if (!refcounts.covered(first)) {
        allocator.cover(first);
      }
      return refcounts.decrement(first, clusters, freed);
    } catch (CorruptImageException e) {
      if (clusters > 1) {
        return release(first, 1, freed);
      }
      damage.tell("qcow2_free_clusters failed: " + e.words());
    } catch (NoSpaceException _) {
      damage.tell("qcow2_free_clusters failed: File too large");
    }
    return 1;
  }

  /// Joins freed neighbours, so that a long stretch is punched at once.
  private final class Freed implements Refcounts.FreedRun {
    private long from = -1;
    private long end = -1;

    @Override
    public void freed(long first, long clusters) throws IOException {
      metadata.remove(first, clusters);
      allocator.mayBeFree(first);
      if (first != end) {
        free(from, end);
        from = first;
      }
      end = first + clusters;
    }

    void finish() throws IOException {
      free(from, end);
    }
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
