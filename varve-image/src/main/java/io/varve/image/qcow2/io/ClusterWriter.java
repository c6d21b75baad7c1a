// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.Below;
import io.varve.image.CorruptImageException;
import io.varve.image.GuestOffset;
import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.SubclusterBitmap;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Writes guest data: in place where the cluster belongs to the active tree alone, else to a new
/// host cluster with the untouched rest copied (redirect or copy on write).
///
/// Data is written before the index changes in memory, and
/// [io.varve.image.qcow2.metadata.FlushOrder] keeps that order on disk.
public final class ClusterWriter {
  private final ImageParts parts;
  private final DataArea data;
  private final Geometry geometry;
  private final ClusterMap map;
  private final ClusterReader reader;
  private final L2Tables tables;

  public ClusterWriter(ImageParts parts, ClusterMap map, ClusterReader reader, L2Tables tables) {
    this.parts = parts;
    this.data = parts.data();
    this.geometry = parts.geometry();
    this.map = map;
    this.reader = reader;
    this.tables = tables;
  }

  /// Writes the beginning of `src` if that changes no index, and returns its length, else 0. Enough
  /// under the layer's shared lock.
  public int writeInPlace(long at, ByteBuffer src) throws IOException {
    int unit = data.inPlaceUnit();
    return at % unit != 0 || src.remaining() % unit != 0 ? 0 : overwrite(at, src);
  }

  /// As [#writeInPlace], for any alignment; under the exclusive lock.
  private int overwrite(long at, ByteBuffer src) throws IOException {
    long host = -1;
    int length = 0;
    while (length < src.remaining()) {
      long position = at + length;
      ClusterState state = map.state(position);
      int piece = Math.min(src.remaining() - length, restOfCluster(position));
      int touched = touched(position, piece);
      if (!state.writableInPlace() || (state.allocated() & touched) != touched) {
        break;
      }
      long here = state.host() + geometry.inCluster(position);
      if (length > 0 && here != host + length) {
        break;
      }
      requireDataCluster(state.host());
      host = length == 0 ? here : host;
      length += piece;
    }
    if (length > 0) {
      data.write(host, at, take(src, length));
    }
    return length;
  }

  /// Writes all of `src`. Needs the layer's exclusive lock.
  public void write(long at, ByteBuffer src, Below below) throws IOException {
    long position = at;
    while (src.hasRemaining()) {
      int inPlace = overwrite(position, src);
      if (inPlace > 0) {
        position += inPlace;
        continue;
      }
      int whole = wholeClustersToAllocate(position, src.remaining());
      if (whole > 0) {
        position += writeWhole(position, whole, src);
      } else {
        int length = Math.min(src.remaining(), restOfCluster(position));
        writePart(position, take(src, length), below);
        position += length;
      }
      parts.bound();
    }
  }

  private int restOfCluster(long position) {
    return geometry.clusterSize() - geometry.inCluster(position);
  }

  private static ByteBuffer take(ByteBuffer src, int length) {
    ByteBuffer piece = src.slice(src.position(), length);
    src.position(src.position() + length);
    return piece;
  }

  /// Subclusters of one cluster that the range touches, as a bit mask.
  private int touched(long position, int length) {
    int in = geometry.inCluster(position);
    int first = in >>> geometry.subclusterBits();
    int last = (in + length - 1) >>> geometry.subclusterBits();
    return SubclusterBitmap.range(first, last);
  }

  private void requireDataCluster(long host) throws CorruptImageException {
    if (!data.external() && parts.metadata().contains(geometry.hostCluster(host))) {
      throw new CorruptImageException(
          "%s: data cluster at %#x: overlaps the image's own metadata; nothing was written, run a check"
              .formatted(parts.storage().name(), host));
    }
  }

  /// How many clusters from `position` on are covered whole, need a host cluster, and share one L2
  /// table.
  private int wholeClustersToAllocate(long position, int length) throws IOException {
    if (geometry.inCluster(position) != 0) {
      return 0;
    }
    int most =
        Math.min(
            length >>> geometry.clusterBits(), geometry.l2Entries() - geometry.l2Index(position));
    int count = 0;
    while (count < most
        && !map.state(position + ((long) count << geometry.clusterBits())).writableInPlace()) {
      count++;
    }
    return count;
  }

  private int writeWhole(long position, int clusters, ByteBuffer src) throws IOException {
    tables.ensureWritable(position);
    ClusterRun run = parts.allocateData(position, clusters);
    int length = (int) run.count() << geometry.clusterBits();
    long host = geometry.hostOffset(run.first());
    try {
      data.write(host, position, take(src, length));
    } catch (IOException e) {
      parts.unallocateData(run);
      throw e;
    }
    for (int i = 0; i < run.count(); i++) {
      long step = (long) i << geometry.clusterBits();
      ClusterState old = map.state(position + step);
      tables.setData(position + step, host + step, -1, 0);
      forget(old);
    }
    return length;
  }

  /// Writes inside one cluster.
  private void writePart(long position, ByteBuffer src, Below below) throws IOException {
    tables.ensureWritable(position);
    ClusterState old = map.state(position);
    int touched = touched(position, src.remaining());
    if (old.writableInPlace()) {
      requireDataCluster(old.host());
      writeFilled(position, src, old, old.host(), false, below);
      tables.setData(position, old.host(), old.allocated() | touched, old.zero() & ~touched);
      return;
    }
    ClusterRun run = parts.allocateData(geometry.clusterStart(position), 1);
    long host = geometry.hostOffset(run.first());
    try {
      writeFilled(position, src, old, host, run.blank(), below);
      copyUntouched(position, old, host, touched);
    } catch (IOException e) {
      parts.unallocateData(run);
      throw e;
    }
    tables.setData(position, host, old.allocated() | touched, old.zero() & ~touched);
    forget(old);
  }

  private void forget(ClusterState old) {
    tables.dropHost(old);
    if (old.compressed()) {
      reader.forgetDecoded();
    }
  }

  /// Writes `src`, and with it the rest of the first and last subcluster where those hold nothing
  /// at `host` yet.
  private void writeFilled(
      long position, ByteBuffer src, ClusterState old, long host, boolean blank, Below below)
      throws IOException {
    boolean sameHost = host == old.host();
    int from = geometry.inCluster(position);
    int to = from + src.remaining();
    int subcluster = geometry.subclusterSize();
    int fillFrom = from & -subcluster;
    int fillTo = (to + subcluster - 1) & -subcluster;
    long clusterStart = position - from;
    int first = fillFrom >>> geometry.subclusterBits();
    int last = (fillTo - 1) >>> geometry.subclusterBits();
    if (blank && to - from < fillTo - fillFrom) {
      // A hole within data would be told as such by those who look through to the host.
      data.reserve(host + fillFrom, (long) fillTo - fillFrom);
    }
    if (skipFill(old, first, sameHost, blank, clusterStart, below)) {
      fillFrom = from;
    }
    if (skipFill(old, last, sameHost, blank, clusterStart, below)) {
      fillTo = to;
    }
    if (fillFrom == from && fillTo == to) {
      data.write(host + from, position, src);
      return;
    }
    ByteBuffer filled = ByteBuffer.allocate(fillTo - fillFrom);
    readOld(clusterStart + fillFrom, filled.limit(from - fillFrom), old, below);
    filled.limit(to - fillFrom).put(src);
    readOld(clusterStart + to, filled.limit(fillTo - fillFrom), old, below);
    data.write(host + fillFrom, clusterStart + fillFrom, filled.flip());
  }

  /// True if the untouched rest of a subcluster need not be written: it is there already, or the
  /// new host cluster is blank and the rest is zero.
  private boolean skipFill(
      ClusterState old,
      int subcluster,
      boolean sameHost,
      boolean blank,
      long clusterStart,
      Below below)
      throws IOException {
    if (old.hasData(subcluster)) {
      return sameHost;
    }
    if (!blank) {
      return false;
    }
    long start = clusterStart + ((long) subcluster << geometry.subclusterBits());
    return old.readsZero(subcluster)
        || below.readsAsZero(GuestOffset.of(start), geometry.subclusterSize());
  }

  /// Fills the room in `dst` with what the guest saw before this write.
  private void readOld(long at, ByteBuffer dst, ClusterState old, Below below) throws IOException {
    long position = at;
    while (dst.hasRemaining()) {
      int index = geometry.inCluster(position) >>> geometry.subclusterBits();
      int inSubcluster = (int) position & (geometry.subclusterSize() - 1);
      int length = Math.min(dst.remaining(), geometry.subclusterSize() - inSubcluster);
      ByteBuffer piece = dst.slice(dst.position(), length);
      if (old.compressed()) {
        piece.put(reader.decode(old.entry()), geometry.inCluster(position), length);
      } else if (old.hasData(index)) {
        data.read(old.host() + geometry.inCluster(position), position, piece);
      } else if (!old.readsZero(index)) {
        below.read(GuestOffset.of(position), piece);
      }
      dst.position(dst.position() + length);
      position += length;
    }
  }

  /// Copies the subclusters with data that the write does not touch to the new host cluster.
  private void copyUntouched(long position, ClusterState old, long host, int touched)
      throws IOException {
    int rest = old.allocated() & ~touched;
    if (geometry.subclustersPerCluster() == 1 || rest == 0) {
      return;
    }
    long clusterStart = geometry.clusterStart(position);
    for (int first = 0; first < 32; first++) {
      if ((rest >>> first & 1) == 0) {
        continue;
      }
      int end = first;
      while (end < 32 && (rest >>> end & 1) != 0) {
        end++;
      }
      int at = first << geometry.subclusterBits();
      ByteBuffer run = ByteBuffer.allocate((end - first) << geometry.subclusterBits());
      readOld(clusterStart + at, run, old, Below.NOTHING);
      data.write(host + at, clusterStart + at, run.flip());
      first = end;
    }
  }
}
