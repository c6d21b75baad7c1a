// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.SubclusterBitmap;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Makes guest ranges read as zero: by the index where a whole (sub)cluster is meant, by written
/// zeros elsewhere (spec: "L2 table entry", bit 0; "Extended L2 Entries"). Under the layer's
/// exclusive lock.
///
/// Version 2 has no zero clusters: without a base a cluster is simply given up; over a base zeros
/// have to be written, and a discard is left undone.
public final class ZeroWriter {
  private final ImageParts parts;
  private final Geometry geometry;
  private final ClusterMap map;
  private final L2Tables tables;
  private final ClusterReader reader;
  private final ClusterWriter writer;

  public ZeroWriter(
      ImageParts parts,
      ClusterMap map,
      ClusterReader reader,
      L2Tables tables,
      ClusterWriter writer) {
    this.parts = parts;
    this.geometry = parts.geometry();
    this.map = map;
    this.reader = reader;
    this.tables = tables;
    this.writer = writer;
  }

  /// Makes `[at, end)` read as zero.
  ///
  /// @param diskSize the last cluster counts as whole if the range reaches the end of the disk
  public void zero(long at, long end, long diskSize, ZeroMode mode, Below below)
      throws IOException {
    long position = at;
    while (position < end) {
      long skipped = lengthAlreadyZero(position, end, below);
      if (skipped > 0) {
        position += skipped;
        continue;
      }
      long clusterEnd = geometry.clusterStart(position) + geometry.clusterSize();
      long pieceEnd = Math.min(end, clusterEnd);
      boolean toEnd = pieceEnd == clusterEnd || pieceEnd == diskSize;
      if (geometry.inCluster(position) == 0 && toEnd) {
        zeroWhole(position, (int) (pieceEnd - position), mode, below);
      } else if (geometry.extendedL2()) {
        zeroSubclusters(position, pieceEnd, toEnd, below);
      } else {
        writeZeros(position, pieceEnd, below);
      }
      position = pieceEnd;
      parts.bound();
    }
  }

  /// Gives up the whole clusters inside `[at, end)`.
  public void discard(long at, long end, long diskSize, Below below) throws IOException {
    if (parts.version() < 3 && !below.isNothing()) {
      return;
    }
    int cluster = geometry.clusterSize();
    long from = (at + cluster - 1) & -(long) cluster;
    long to = end == diskSize ? end : geometry.clusterStart(end);
    if (from < to) {
      zero(from, to, diskSize, ZeroMode.UNMAP, below);
    }
  }

  /// Drops whole clusters of `[at, end)` so that the layer holds nothing there: what lies behind a
  /// shrunken disk's end. Both are cluster aligned.
  public void drop(long at, long end) throws IOException {
    long position = at;
    while (position < end) {
      LayerExtent extent = map.piece(position, end);
      if (extent.kind() == ExtentKind.NONE && !map.state(position).hasHost()) {
        position = Math.max(position + geometry.clusterSize(), geometry.clusterStart(extent.end()));
        continue;
      }
      ClusterState old = map.state(position);
      tables.ensureWritable(position);
      tables.setNone(position);
      forget(old);
      position += geometry.clusterSize();
      parts.bound();
    }
  }

  private long lengthAlreadyZero(long position, long end, Below below) throws IOException {
    LayerExtent extent = map.piece(position, end);
    return switch (extent.kind()) {
      case ZERO -> extent.length();
      case NONE -> {
        if (below.isNothing()) {
          yield extent.length();
        }
        long clusterEnd = geometry.clusterStart(position) + geometry.clusterSize();
        long length = Math.min(extent.end(), clusterEnd) - position;
        yield below.readsAsZero(GuestOffset.of(position), length) ? length : 0;
      }
      case DATA, COMPRESSED, ZERO_ALLOCATED -> 0;
    };
  }

  private void zeroWhole(long position, int length, ZeroMode mode, Below below) throws IOException {
    if (parts.version() < 3 && !below.isNothing()) {
      writeZeros(position, position + length, below);
      return;
    }
    tables.ensureWritable(position);
    ClusterState old = map.state(position);
    if (parts.version() < 3) {
      tables.setNone(position);
      forget(old);
    } else if (mode == ZeroMode.KEEP && old.writableInPlace()) {
      tables.setData(position, old.host(), 0, -1);
    } else {
      tables.setZeroPlain(position);
      forget(old);
    }
  }

  /// Zeroes part of a cluster of 32 subclusters: whole ones by their bit, the edges by written
  /// zeros.
  private void zeroSubclusters(long position, long end, boolean toEnd, Below below)
      throws IOException {
    int subcluster = geometry.subclusterSize();
    long firstWhole = (position + subcluster - 1) & -(long) subcluster;
    long lastWhole = toEnd ? end : end & -(long) subcluster;
    if (firstWhole >= lastWhole) {
      writeZeros(position, end, below);
      return;
    }
    writeZeros(position, firstWhole, below);
    writeZeros(lastWhole, end, below);
    tables.ensureWritable(firstWhole);
    ClusterState old = map.state(firstWhole);
    if (old.compressed()) {
      writeZeros(firstWhole, lastWhole, below);
      return;
    }
    int first = geometry.inCluster(firstWhole) >>> geometry.subclusterBits();
    int last =
        (int) ((lastWhole - 1 - geometry.clusterStart(firstWhole)) >>> geometry.subclusterBits());
    int bits = SubclusterBitmap.range(first, last);
    int allocated = old.allocated() & ~bits;
    int zero = old.zero() | bits;
    if (!old.hasHost()) {
      tables.setZeroSubclusters(firstWhole, zero);
    } else if (old.copied()) {
      tables.setData(firstWhole, old.host(), allocated, zero);
    } else {
      tables.setShared(firstWhole, old.host(), allocated, zero);
    }
  }

  private void writeZeros(long from, long to, Below below) throws IOException {
    if (from < to && lengthAlreadyZero(from, to, below) < to - from) {
      writer.write(from, ByteBuffer.allocate((int) (to - from)), below);
    }
  }

  private void forget(ClusterState old) {
    tables.dropHost(old);
    if (old.compressed()) {
      reader.forgetDecoded();
    }
  }
}
