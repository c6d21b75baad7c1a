// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.alloc;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Clusters at the end of the file that are counted ahead of use, and what is known of those that
/// were handed out.
///
/// A reference may follow a count only when the count is durable, which costs a flush between the
/// two. So counts are set for a short run behind the cluster that was asked for, and the file is
/// made long enough for it; once a commit has made both durable, the next clusters come from that
/// run and nothing needs to be waited for. What is left of it at the close is counted down and cut
/// off again; a crash leaks it: counts, and a hole at the end of the file.
///
/// Guarded by the layer's exclusive lock.
public final class FreshClusters {
  /// Clusters counted ahead: a commit in this many pays for the others.
  private static final int AHEAD = 32;

  private final Storage storage;
  private final Geometry geometry;
  private final Refcounts refcounts;
  private final ClusterAllocator allocator;
  private final boolean enabled;
  private final long firstNew;
  private long next;
  private long end;
  private boolean durable;
  private boolean reused;

  /// @param enabled false to count each cluster as it is needed
  public FreshClusters(
      Storage storage,
      Geometry geometry,
      Refcounts refcounts,
      ClusterAllocator allocator,
      boolean enabled)
      throws IOException {
    this.storage = storage;
    this.geometry = geometry;
    this.refcounts = refcounts;
    this.allocator = allocator;
    this.enabled = enabled && !storage.capabilities().fixedSize();
    this.firstNew = geometry.clustersFor(storage.size());
  }

  /// Up to `most` neighbouring clusters whose counts are durable and that read as zero; null if
  /// there are none.
  public @Nullable ClusterRun take(long most) {
    if (!durable || next == end) {
      return null;
    }
    long count = Math.min(most, end - next);
    ClusterRun run = new ClusterRun(next, count, true);
    next += count;
    allocator.usedUpTo(next);
    return run;
  }

  /// Counts what lies behind a run that was just allocated, if it is the last of the file, so that
  /// later runs can be had by [#take].
  public void countBehind(ClusterRun run) throws IOException {
    if (!run.blank() && run.first() >= firstNew) {
      reused = true;
    }
    long first = run.first() + run.count();
    if (!enabled || next < end || !run.blank() || !refcounts.covered(first)) {
      return;
    }
    long last = Math.min(first + AHEAD, refcounts.endOfBlock(first));
    long free = refcounts.freeFrom(first, last - first);
    if (free > 0 && allocator.blank(first) && makeLongEnough(geometry.hostOffset(first + free))) {
      refcounts.set(first, free, 1);
      next = first;
      end = first + free;
      durable = false;
    }
  }

  /// False where the store has no room: then there is nothing to be ahead of.
  private boolean makeLongEnough(long length) throws IOException {
    try {
      storage.truncate(Math.max(storage.size(), length));
      return true;
    } catch (NoSpaceException _) {
      return false;
    }
  }

  /// Says that every count is durable.
  public void committed() {
    durable = true;
  }

  /// Says that a host cluster stays where it is though the guest lost data that lies in it.
  public void contentKept() {
    reused = true;
  }

  /// True if what was not written to this cluster since it was allocated reads as zero there.
  public boolean isFresh(long cluster) {
    return enabled && !reused && cluster >= firstNew;
  }

  /// Counts down what was not used. Before the layer closes, and before anything looks for the last
  /// cluster in use.
  public void giveBack() throws IOException {
    if (next < end) {
      long first = next;
      next = end;
      allocator.unallocate(first, end - first);
      if (storage.size() == geometry.hostOffset(end)) {
        // A crash may keep the shorter file and the counts behind its end: nothing refers to them.
        storage.truncate(geometry.hostOffset(first));
      }
    }
  }

  @Override
  public String toString() {
    return "counted ahead: " + (end - next) + " clusters of " + geometry.clusterSize() + " bytes";
  }
}
