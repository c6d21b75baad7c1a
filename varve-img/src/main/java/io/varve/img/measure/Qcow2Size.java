// SPDX-License-Identifier: Apache-2.0
package io.varve.img.measure;

import io.varve.image.qcow2.format.Limits;
import io.varve.img.ImgException;
import io.varve.img.create.CreateOptions;
import io.varve.img.create.MeasuredShape;

/// The size of a qcow2 file: its disk, and the tables for that, each a whole number of clusters.
final class Qcow2Size {
  private final MeasuredShape shape;

  Qcow2Size(CreateOptions options) throws ImgException {
    this.shape = MeasuredShape.of(options);
  }

  MeasuredShape shape() {
    return shape;
  }

  /// @param diskSize bytes
  /// @param data bytes of it that hold data, whole clusters
  Measurement measure(long diskSize, long data, long bitmaps) throws ImgException {
    long disk = roundUp(diskSize, shape.clusterSize());
    requireIndexable(disk);
    boolean all = shape.allocates();
    long full = fully(disk) + shape.headerBytes();
    return new Measurement(full - disk + (all ? disk : data), full, bitmaps);
  }

  private void requireIndexable(long disk) throws ImgException {
    long perTable = shape.clusterSize() / shape.l2EntryBytes();
    long clusters = disk / shape.clusterSize();
    long tables = (clusters + perTable - 1) / perTable;
    if (tables > Limits.MAX_L1_BYTES / Long.BYTES) {
      throw new ImgException("The image size is too large (try using a larger cluster size)");
    }
  }

  /// The whole file: header, L2 tables, L1 table, what counts all of it, and the disk.
  private long fully(long disk) {
    long cluster = shape.clusterSize();
    long l2Entries = roundUp(disk / cluster, cluster / shape.l2EntryBytes());
    long l2Bytes = l2Entries * shape.l2EntryBytes();
    long l1Entries = roundUp(l2Bytes / cluster, cluster / Long.BYTES);
    long tables = cluster + l2Bytes + l1Entries * Long.BYTES;
    return disk + tables + refcountBytes((tables + disk) / cluster);
  }

  /// The refcount structure that counts `clusters` clusters and itself.
  private long refcountBytes(long clusters) {
    long perTable = shape.clusterSize() / Long.BYTES;
    long perBlock = shape.clusterSize() * 8 / shape.refcountBits();
    long blocks = 0;
    long table = 0;
    long total = 0;
    long before;
    do {
      before = total;
      blocks = (clusters + table + blocks + perBlock - 1) / perBlock;
      table = (blocks + perTable - 1) / perTable;
      total = clusters + blocks + table;
    } while (total != before);
    return (blocks + table) * shape.clusterSize();
  }

  static long roundUp(long value, long unit) {
    return (value + unit - 1) / unit * unit;
  }
}
