// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.ExtentKind;
import io.varve.image.LayerExtent;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.format.RefcountTableEntry;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.image.qcow2.format.SnapshotTable;
import io.varve.image.qcow2.io.ClusterMap;
import io.varve.image.qcow2.io.ClusterState;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.storage.Storage;
import java.io.IOException;

/// Counts index and data bytes of an image. Under the layer's shared lock.
final class UsageCounter {
  private UsageCounter() {}

  static LayerUsage of(Storage storage, Header header, ClusterMap map, long size)
      throws IOException {
    Geometry geometry = header.geometry();
    long data = dataBytes(geometry, map, size);
    long index = geometry.clusterSize() + tableBytes(geometry, map.l1());
    index += refcountBytes(storage, header);
    SnapshotTable.Loaded snapshots = Qcow2Opener.snapshots(storage, header);
    index += roundUp(geometry, snapshots.length());
    for (SnapshotEntry entry : snapshots.entries()) {
      index += roundUp(geometry, (entry.l1Size() & 0xffff_ffffL) * Long.BYTES);
    }
    return new LayerUsage(data, index, storage.size(), storage.allocatedBytes());
  }

  private static long dataBytes(Geometry geometry, ClusterMap map, long size) throws IOException {
    long bytes = 0;
    long at = 0;
    while (at < size) {
      LayerExtent extent = map.extent(at, size - at);
      if (extent.kind() == ExtentKind.NONE && extent.length() >= geometry.clusterSize()) {
        at = Math.max(at + geometry.clusterSize(), geometry.clusterStart(extent.end()));
        continue;
      }
      ClusterState state = map.state(at);
      if (state.compressed()) {
        bytes += L2Entry.compressedLength(state.entry(), geometry.clusterBits());
      } else if (state.hasHost()) {
        bytes += geometry.clusterSize();
      }
      at = geometry.clusterStart(at) + geometry.clusterSize();
    }
    return bytes;
  }

  /// An L1 table and the L2 tables it names.
  private static long tableBytes(Geometry geometry, EntryTable l1) {
    long bytes = roundUp(geometry, l1.byteLength());
    for (int i = 0; i < l1.size(); i++) {
      if (L1Entry.offset(l1.get(i)) != 0) {
        bytes += geometry.clusterSize();
      }
    }
    return bytes;
  }

  private static long refcountBytes(Storage storage, Header header) throws IOException {
    EntryTable table = Qcow2Opener.refcountTable(storage, header);
    long bytes = table.byteLength();
    for (int i = 0; i < table.size(); i++) {
      if (RefcountTableEntry.offset(table.get(i)) != 0) {
        bytes += header.clusterSize();
      }
    }
    return bytes;
  }

  static long roundUp(Geometry geometry, long bytes) {
    return geometry.clustersFor(bytes) * geometry.clusterSize();
  }
}
