// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.Geometry;
import java.io.IOException;

/// Gives guest clusters their host clusters ahead of any write (preallocation). Under the layer's
/// exclusive lock.
///
/// What the guest reads does not change: it must have been zero, or for extended L2 may come from
/// the base, since subclusters stay unallocated there.
public final class Preallocator {
  private final ImageParts parts;
  private final Geometry geometry;
  private final ClusterMap map;
  private final L2Tables tables;

  public Preallocator(ImageParts parts, ClusterMap map, L2Tables tables) {
    this.parts = parts;
    this.geometry = parts.geometry();
    this.map = map;
    this.tables = tables;
  }

  /// Allocates every cluster that overlaps `[from, to)` and has nothing yet.
  ///
  /// @return host offset behind the last cluster allocated, 0 for none
  public long fill(long from, long to) throws IOException {
    long end = 0;
    for (long at = geometry.clusterStart(from); at < to; ) {
      if (!map.state(at).equals(ClusterState.NONE)) {
        at += geometry.clusterSize();
        continue;
      }
      tables.ensureWritable(at);
      int inTable = geometry.l2Entries() - geometry.l2Index(at);
      long wanted = Math.min(inTable, geometry.clustersFor(to - at));
      ClusterRun run = parts.allocateData(at, emptyRun(at, wanted));
      long host = geometry.hostOffset(run.first());
      long length = run.count() * geometry.clusterSize();
      makeBlank(run, host, length);
      int allocated = geometry.extendedL2() ? 0 : 1;
      for (long done = 0; done < length; done += geometry.clusterSize()) {
        tables.setData(at + done, host + done, allocated, 0);
      }
      at += length;
      end = Math.max(end, host + length);
      parts.bound();
    }
    return end;
  }

  private long emptyRun(long at, long most) throws IOException {
    long count = 1;
    while (count < most
        && map.state(at + (count << geometry.clusterBits())).equals(ClusterState.NONE)) {
      count++;
    }
    return count;
  }

  private void makeBlank(ClusterRun run, long host, long length) throws IOException {
    if (!run.blank() && !parts.data().external()) {
      parts.storage().zero(host, length);
    }
  }
}
