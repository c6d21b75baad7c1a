// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.storage.StorageEvent;
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

  /// Bytes freed in the image when the tail was set: frees since may have taken its cluster.
  private long freedAtTail;

  public CompressedWriter(ImageParts parts, ClusterMap map, L2Tables tables) {
    this.parts = parts;
    this.geometry = parts.geometry();
    this.map = map;
    this.tables = tables;
  }

  /// Writes the compressed form of the guest cluster at `guestOffset`.
  ///
  /// @throws IOException if the cluster has a host cluster or compressed bytes already, as in QEMU
  public void write(long guestOffset, byte[] packed, int length) throws IOException {
    requireFree(guestOffset);
    tables.ensureWritable(guestOffset);
    long host = place(length);
    ByteBuffer bytes = ByteBuffer.wrap(packed, 0, length);
    long end = host + length;
    try {
      parts.storage().announce(StorageEvent.WRITE_COMPRESSED);
      parts.storage().write(host, bytes);
    } catch (IOException e) {
      giveBack(host, length);
      throw e;
    }
    tables.setCompressed(guestOffset, host, length);
    tail = geometry.inCluster(end) == 0 ? 0 : end;
    freedAtTail = parts.dropped().freedBytes();
    parts.bound();
  }

  private void requireFree(long guestOffset) throws IOException {
    ClusterState old = map.state(guestOffset);
    if (parts.data().external()) {
      throw new UnsupportedImageException(
          parts.storage().name()
              + ": an image with an external data file cannot hold compressed clusters");
    }
    if (old.compressed() || old.hasHost()) {
      throw new IOException(
          "%s: compressed write at guest offset %#x: the cluster is allocated already"
              .formatted(parts.storage().name(), guestOffset));
    }
  }

  /// Host offset for that many bytes, with every cluster they touch counted.
  private long place(int length) throws IOException {
    parts.storage().announce(StorageEvent.CLUSTER_ALLOC_BYTES);
    long host = tailWithRoom();
    int room = host == 0 ? 0 : geometry.clusterSize() - geometry.inCluster(host);
    if (room < length) {
      long fresh = geometry.hostOffset(parts.allocator().allocate(1, "compressed cluster").first());
      boolean follows = host != 0 && host + room == fresh;
      if (!follows) {
        return fresh;
      }
    }
    parts.refcounts().increment(geometry.hostCluster(host), 1);
    return host;
  }

  /// The tail if more may be packed behind it, else 0.
  private long tailWithRoom() throws IOException {
    if (tail == 0) {
      return 0;
    }
    long count = parts.refcounts().get(geometry.hostCluster(tail));
    boolean usable =
        count != 0
            && count != geometry.maxRefcount()
            && parts.dropped().waiting() == 0
            && parts.dropped().freedBytes() == freedAtTail;
    return usable ? tail : 0;
  }

  private void giveBack(long host, int length) throws IOException {
    long last = geometry.hostCluster(host + length - 1);
    for (long cluster = geometry.hostCluster(host); cluster <= last; cluster++) {
      parts.refcounts().decrement(cluster, 1, (_, _) -> {});
    }
    tail = 0;
  }
}
