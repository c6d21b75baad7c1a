// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.Geometry;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Writes compressed clusters, packed one behind the other (spec: "Compressed Clusters
/// Descriptor"). Under the layer's exclusive lock.
///
/// A compressed cluster begins where the one before ended, and may reach into the next host cluster
/// if that is free and follows directly. Every host cluster it touches counts one reference more,
/// so the packing ends when a count is at its limit (`refcount_bits=1`).
public final class CompressedWriter {
  private final ImageParts parts;
  private final Geometry geometry;
  private final L2Tables tables;
  private final ClusterMap map;

  /// Host offset behind the last compressed byte, 0 if the next one begins a cluster of its own.
  private long tail;

  public CompressedWriter(ImageParts parts, ClusterMap map, L2Tables tables) {
    this.parts = parts;
    this.geometry = parts.geometry();
    this.map = map;
    this.tables = tables;
  }

  /// Writes the compressed form of the guest cluster at `guestOffset`.
  public void write(long guestOffset, byte[] packed, int length) throws IOException {
    tables.ensureWritable(guestOffset);
    long host = place(length);
    ByteBuffer bytes = ByteBuffer.wrap(packed, 0, length);
    long end = host + length;
    try {
      parts.storage().write(host, bytes);
    } catch (IOException e) {
      giveBack(host, length);
      throw e;
    }
    ClusterState old = map.state(guestOffset);
    tables.setCompressed(guestOffset, host, length);
    tables.dropHost(old);
    tail = geometry.inCluster(end) == 0 ? 0 : end;
    parts.bound();
  }

  /// Host offset for that many bytes, with every cluster they touch counted.
  private long place(int length) throws IOException {
    if (tail != 0 && fitsBehindTail(length)) {
      return tail;
    }
    ClusterRun run = parts.allocator().allocateTable(geometry.clustersFor(length));
    tail = 0;
    return geometry.hostOffset(run.first());
  }

  private boolean fitsBehindTail(int length) throws IOException {
    long cluster = geometry.hostCluster(tail);
    long last = geometry.hostCluster(tail + length - 1);
    long count = parts.refcounts().get(cluster);
    // A count of 0 or waiting drops: the cluster before was rewritten meanwhile.
    if (count == 0 || count == geometry.maxRefcount() || parts.dropped().waiting() > 0) {
      return false;
    }
    if (last > cluster && !parts.allocator().allocateAt(last)) {
      return false;
    }
    parts.refcounts().increment(cluster, 1);
    return true;
  }

  private void giveBack(long host, int length) throws IOException {
    long last = geometry.hostCluster(host + length - 1);
    for (long cluster = geometry.hostCluster(host); cluster <= last; cluster++) {
      parts.refcounts().decrement(cluster, 1, (_, _) -> {});
    }
    tail = 0;
  }
}
