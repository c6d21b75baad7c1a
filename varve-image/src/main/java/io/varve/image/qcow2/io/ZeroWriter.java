// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.SubclusterBitmap;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Makes guest ranges read as zero: by the index where a whole (sub)cluster is meant, by written
/// zeros elsewhere (spec: "L2 table entry", bit 0; "Extended L2 Entries"). What becomes of each
/// cluster is decided as QEMU decides it, so that maps of the image agree. Under the layer's
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

  /// Makes `[at, end)` read as zero. Clusters that held nothing hold zero after.
  ///
  /// @param diskSize the last cluster counts as whole if the range reaches the end of the disk
  public void zero(long at, long end, long diskSize, ZeroMode mode, Below below)
      throws IOException {
    if (parts.data().raw()) {
      parts.data().zeroDataFile(at, end - at);
    }
    for (long position = at; position < end; ) {
      long pieceEnd = Math.min(end, clusterEnd(position));
      zeroInCluster(position, pieceEnd, diskSize, mode, below);
      position = pieceEnd;
      parts.bound();
    }
  }

  /// As [#zero], but leaves what reads as zero already as it is.
  public void zeroWhereNeeded(long at, long end, long diskSize, Below below) throws IOException {
    for (long position = at; position < end; ) {
      long skipped = lengthAlreadyZero(position, end, below);
      long pieceEnd = Math.min(end, clusterEnd(position));
      if (skipped == 0) {
        zero(position, pieceEnd, diskSize, ZeroMode.UNMAP, below);
      }
      position = skipped > 0 ? position + skipped : pieceEnd;
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
    for (long position = from; position < to; ) {
      if (below.isNothing() && map.l2Table(position) == 0) {
        makeTableAsQemu(position);
        position = tableEnd(position);
        continue;
      }
      discardCluster(position, below);
      position += cluster;
      parts.bound();
    }
  }

  private void discardCluster(long position, Below below) throws IOException {
    ClusterState before = map.state(position);
    boolean allocated = before.compressed() || before.hasHost();
    if (!allocated && (below.isNothing() || before.allZero(geometry))) {
      return;
    }
    if (parts.version() < 3) {
      giveUp(position);
    } else if (parts.rules().discardNoUnref() && !before.compressed()) {
      keepAsZero(position, true);
    } else {
      makeZeroPlain(position);
    }
  }

  /// Drops whole clusters of `[at, end)` so that the layer holds nothing there: what lies behind a
  /// shrunken disk's end. Both are cluster aligned.
  public void drop(long at, long end) throws IOException {
    long position = at;
    while (position < end) {
      if (map.l2Table(position) == 0) {
        makeTableAsQemu(position);
        position = tableEnd(position);
        parts.bound();
        continue;
      }
      if (!map.state(position).equals(ClusterState.NONE)) {
        giveUp(position);
      }
      position += geometry.clusterSize();
      parts.bound();
    }
  }

  /// QEMU looks for the table of a cluster to discard as it does for one to write, and so makes it.
  private void makeTableAsQemu(long position) throws IOException {
    if (parts.rules().qemuLayout()) {
      tables.ensureWritable(position);
    }
  }

  private long tableEnd(long position) {
    long span = geometry.bytesPerL2Table();
    return (position / span + 1) * span;
  }

  private long clusterEnd(long position) {
    return geometry.clusterStart(position) + geometry.clusterSize();
  }

  private long lengthAlreadyZero(long position, long end, Below below) throws IOException {
    LayerExtent extent = map.piece(position, end);
    return switch (extent.kind()) {
      case ZERO -> extent.length();
      case NONE -> {
        if (below.isNothing()) {
          yield extent.length();
        }
        long length = Math.min(extent.end(), clusterEnd(position)) - position;
        yield below.readsAsZero(GuestOffset.of(position), length) ? length : 0;
      }
      case DATA, COMPRESSED, ZERO_ALLOCATED -> 0;
    };
  }

  private void zeroInCluster(long position, long end, long diskSize, ZeroMode mode, Below below)
      throws IOException {
    int unit = geometry.subclusterSize();
    long from = position;
    while (from < end) {
      long unitStart = from & -(long) unit;
      long unitEnd = Math.min(diskSize, unitStart + unit);
      if (from == unitStart && end >= unitEnd) {
        long wholeEnd = end >= diskSize ? end : end & -(long) unit;
        zeroWholeUnits(from, wholeEnd, diskSize, mode, below);
        from = wholeEnd;
      } else {
        long to = Math.min(end, unitEnd);
        zeroPart(from, to, unitStart, unitEnd, mode, below);
        from = to;
      }
    }
  }

  private void zeroWholeUnits(long from, long to, long diskSize, ZeroMode mode, Below below)
      throws IOException {
    boolean wholeCluster =
        geometry.inCluster(from) == 0 && (to == clusterEnd(from) || to == diskSize);
    if (wholeCluster) {
      zeroCluster(from, to, mode, below);
    } else {
      zeroSubclusters(from, to, below);
    }
  }

  /// Zeroes a part of one (sub)cluster: by the index where the rest of it reads as zero already.
  private void zeroPart(
      long from, long to, long unitStart, long unitEnd, ZeroMode mode, Below below)
      throws IOException {
    LayerExtent unit = map.piece(unitStart, unitEnd);
    boolean restIsZero =
        switch (unit.kind()) {
          case ZERO, ZERO_ALLOCATED -> true;
          case NONE -> readsAsZero(below, unitStart, from) && readsAsZero(below, to, unitEnd);
          case DATA, COMPRESSED -> false;
        };
    if (!restIsZero || (parts.version() < 3 && !below.isNothing())) {
      writeZeros(from, to, below);
    } else if (geometry.subclustersPerCluster() == 1) {
      zeroCluster(unitStart, unitEnd, mode, below);
    } else {
      zeroSubclusters(unitStart, unitEnd, below);
    }
  }

  private static boolean readsAsZero(Below below, long from, long to) throws IOException {
    return from >= to || below.readsAsZero(GuestOffset.of(from), to - from);
  }

  private void zeroCluster(long position, long end, ZeroMode mode, Below below) throws IOException {
    ClusterState old = map.state(position);
    if (parts.version() < 3) {
      if (!below.isNothing()) {
        writeZeros(position, end, below);
      } else if (old.compressed() || old.hasHost()) {
        giveUp(position);
      } else {
        makeTableAsQemu(position);
      }
      return;
    }
    boolean unmap = old.compressed() || (mode == ZeroMode.UNMAP && old.hasHost());
    boolean keepReference = parts.rules().discardNoUnref() && !old.compressed();
    if (unmap && !keepReference) {
      makeZeroPlain(position);
    } else {
      keepAsZero(position, unmap);
    }
  }

  private void makeZeroPlain(long position) throws IOException {
    tables.ensureWritable(position);
    ClusterState old = map.state(position);
    tables.setZeroPlain(position);
    forget(old);
  }

  private void giveUp(long position) throws IOException {
    tables.ensureWritable(position);
    ClusterState old = map.state(position);
    tables.setNone(position);
    forget(old);
  }

  /// Makes the cluster read as zero and leaves it whatever host cluster it has.
  ///
  /// @param discard the host cluster's content may go back to the store
  private void keepAsZero(long position, boolean discard) throws IOException {
    ClusterState before = map.state(position);
    if (before.allZero(geometry)) {
      return;
    }
    tables.ensureWritable(position);
    ClusterState old = map.state(position);
    tables.setZeroKeeping(position, old);
    if (discard && old.writableInPlace()) {
      parts.discardKept(old.host());
    }
  }

  /// Zeroes whole subclusters of one cluster by their bits.
  private void zeroSubclusters(long from, long to, Below below) throws IOException {
    if (map.state(from).compressed()) {
      writeZeros(from, to, below);
      return;
    }
    tables.ensureWritable(from);
    ClusterState old = map.state(from);
    int first = geometry.inCluster(from) >>> geometry.subclusterBits();
    int last = (int) ((to - 1 - geometry.clusterStart(from)) >>> geometry.subclusterBits());
    int bits = SubclusterBitmap.range(first, last);
    tables.setBitmap(from, old, old.allocated() & ~bits, old.zero() | bits);
  }

  private void writeZeros(long from, long to, Below below) throws IOException {
    writer.write(from, ByteBuffer.allocate((int) (to - from)), below);
  }

  private void forget(ClusterState old) throws IOException {
    tables.dropHost(old);
    if (parts.data().external() && old.hasHost()) {
      parts.discardKept(old.host());
    }
    if (old.compressed()) {
      reader.forgetDecoded();
    }
  }
}
