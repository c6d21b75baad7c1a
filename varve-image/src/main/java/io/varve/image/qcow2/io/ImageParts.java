// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.qcow2.alloc.ClusterAllocator;
import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.alloc.DroppedClusters;
import io.varve.image.qcow2.alloc.FreshClusters;
import io.varve.image.qcow2.alloc.Refcounts;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.metadata.ClusterSet;
import io.varve.image.qcow2.metadata.FlushOrder;
import io.varve.image.qcow2.metadata.HeaderFields;
import io.varve.image.qcow2.metadata.ImageDamage;
import io.varve.image.qcow2.metadata.MetadataCache;
import io.varve.image.qcow2.metadata.OverlapCheck;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/// The parts of one image that is open for writing. They are made together and live as long as it
/// does; every change through them needs the layer's exclusive lock.
///
/// @param data where guest data lies
/// @param metadata host clusters that hold the image's own structures
public record ImageParts(
    Storage storage,
    DataArea data,
    Geometry geometry,
    int version,
    MetadataCache cache,
    FlushOrder flushOrder,
    HeaderFields header,
    Refcounts refcounts,
    ClusterAllocator allocator,
    FreshClusters fresh,
    DroppedClusters dropped,
    ClusterSet metadata,
    WriteRules rules,
    OverlapCheck overlaps,
    ImageDamage damage) {
  private static final int MAX_DIRTY_BLOCKS = 2048;
  private static final int MAX_DROPPED = 1 << 16;
  private static final int PIECE = 64 << 10;

  /// Allocates 1 to `most` neighbouring clusters for guest data that begins at this cluster-aligned
  /// guest offset. In an external data file every guest cluster has its place. Where the clusters
  /// were not counted durably before, the epoch is told to keep to its order.
  ClusterRun allocateData(long guestOffset, long most) throws IOException {
    if (data.external()) {
      flushOrder.keepOrder();
      return new ClusterRun(geometry.hostCluster(guestOffset), most, false);
    }
    ClusterRun run = data.blankIsZero() ? fresh.take(most) : null;
    if (run != null) {
      return run;
    }
    flushOrder.keepOrder();
    run = allocator.allocateUpTo(most);
    fresh.countBehind(run);
    return data.blankIsZero() ? run : new ClusterRun(run.first(), run.count(), false);
  }

  /// Takes back what [#allocateData] gave: nothing refers to it.
  void unallocateData(ClusterRun run) throws IOException {
    if (!data.external()) {
      allocator.unallocate(run.first(), run.count());
    }
  }

  /// Gives the content of a data cluster back to the store, which its owner keeps as a place for
  /// zeros. Nothing that was written there is needed any more.
  void discardKept(long host) throws IOException {
    if (data.external()) {
      data.discardInDataFile(host, geometry.clusterSize(), rules.punch());
    } else if (rules.punch() && storage.capabilities().punch()) {
      storage.punch(host, geometry.clusterSize());
    }
  }

  /// Writes a new table whole, as QEMU does: it is read again soon, and whole by others.
  void writeZeros(long host, int length) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocate(Math.min(length, PIECE));
    for (int done = 0; done < length; done += zeros.capacity()) {
      storage.write(host + done, zeros.clear());
    }
  }

  /// Before a change that may allocate: makes clusters free that wait for the loss of their last
  /// reference to be durable, where that was asked for.
  public void prepare() throws IOException {
    if (rules.qemuLayout() && dropped.waiting() > 0) {
      flushOrder.commit();
    }
  }

  /// Ends the epoch if it has grown large. Long changes call it between clusters, when everything
  /// in memory is consistent.
  public void bound() throws IOException {
    if (cache.dirtyBlocks() > MAX_DIRTY_BLOCKS || dropped.waiting() > MAX_DROPPED) {
      flushOrder.commit();
    }
  }
}
