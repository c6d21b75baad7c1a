// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.Below;
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
      ClusterState state = map.stateToWrite(position);
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
      int length = Math.min(src.remaining(), restOfCluster(position));
      if (map.stateToWrite(position).writableInPlace()) {
        fillInPlace(position, take(src, length), below);
      } else {
        length = writeNew(position, src, below);
      }
      position += length;
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

  private void requireDataCluster(long host) throws IOException {
    if (!data.external()) {
      parts.overlaps().requireFree(geometry.hostCluster(host), 1);
    }
  }

  /// Writes into the cluster's own host cluster, where a part of it holds nothing yet.
  private void fillInPlace(long position, ByteBuffer src, Below below) throws IOException {
    tables.ensureWritable(position);
    ClusterState old = map.state(position);
    requireDataCluster(old.host());
    int touched = touched(position, src.remaining());
    writeFilled(position, src, old, old.host(), false, below);
    tables.setData(position, old.host(), old.allocated() | touched, old.zero() & ~touched);
  }

  /// Writes the beginning of `src` to new host clusters, which are neighbours, and returns its
  /// length.
  private int writeNew(long position, ByteBuffer src, Below below) throws IOException {
    tables.ensureWritable(position);
    long start = geometry.clusterStart(position);
    ClusterRun run = parts.allocateData(start, clustersToAllocate(position, src.remaining()));
    int length =
        (int)
            Math.min(
                src.remaining(),
                (run.count() << geometry.clusterBits()) - geometry.inCluster(position));
    try {
      writeRun(position, src.slice(src.position(), length), run, below);
    } catch (IOException e) {
      parts.unallocateData(run);
      throw e;
    }
    src.position(src.position() + length);
    for (long at = position; at < position + length; ) {
      int piece = (int) Math.min(position + length - at, restOfCluster(at));
      ClusterState old = map.state(at);
      int filled = filled(touched(at, piece), old);
      long host = geometry.hostOffset(run.first()) + geometry.clusterStart(at) - start;
      tables.setData(at, host, filled, old.zero() & ~filled);
      forget(old);
      at += piece;
    }
    return length;
  }

  /// How many clusters from `position` on need a host cluster and share one L2 table.
  private long clustersToAllocate(long position, int length) throws IOException {
    long most =
        Math.min(
            geometry.clustersFor(geometry.inCluster(position) + (long) length),
            geometry.l2Entries() - geometry.l2Index(position));
    long count = 1;
    while (count < most
        && !map.state(position + (count << geometry.clusterBits())).writableInPlace()) {
      count++;
    }
    return count;
  }

  /// Writes `src` into the run: clusters that it covers whole at once, the first and the last with
  /// what the guest saw around it.
  private void writeRun(long position, ByteBuffer src, ClusterRun run, Below below)
      throws IOException {
    long start = geometry.clusterStart(position);
    long base = geometry.hostOffset(run.first());
    long at = position;
    while (src.hasRemaining()) {
      long host = base + geometry.clusterStart(at) - start;
      int whole = geometry.inCluster(at) == 0 ? src.remaining() & -geometry.clusterSize() : 0;
      if (whole > 0) {
        data.write(host, at, take(src, whole));
        at += whole;
        continue;
      }
      int piece = Math.min(src.remaining(), restOfCluster(at));
      ClusterState old = map.state(at);
      writeFilled(at, take(src, piece), old, host, run.blank(), below);
      at += piece;
    }
  }

  private void forget(ClusterState old) {
    tables.dropHost(old);
    if (old.compressed()) {
      reader.forgetDecoded();
    }
  }

  /// Subclusters that a new host cluster gets: those touched, those that have data, and what lies
  /// between.
  private static int filled(int touched, ClusterState old) {
    int mask = touched | old.allocated();
    return SubclusterBitmap.range(
        Integer.numberOfTrailingZeros(mask), 31 - Integer.numberOfLeadingZeros(mask));
  }

  /// Writes `src`, and with it whatever of the subclusters to fill is not at `host` yet.
  private void writeFilled(
      long position, ByteBuffer src, ClusterState old, long host, boolean blank, Below below)
      throws IOException {
    boolean sameHost = host == old.host();
    long clusterStart = geometry.clusterStart(position);
    int from = geometry.inCluster(position);
    int to = from + src.remaining();
    int touched = touched(position, src.remaining());
    int mask = sameHost && !data.external() ? touched : filled(touched, old);
    int bits = geometry.subclusterBits();
    int fillFrom = Integer.numberOfTrailingZeros(mask) << bits;
    int fillTo = (32 - Integer.numberOfLeadingZeros(mask)) << bits;
    if (blank && to - from < fillTo - fillFrom) {
      // A hole within data would be told as such by those who look through to the host.
      data.reserve(host + fillFrom, (long) fillTo - fillFrom);
    }
    while (fillFrom < from
        && skipFill(old, fillFrom >>> bits, sameHost, blank, clusterStart, below)) {
      fillFrom = Math.min(from, ((fillFrom >>> bits) + 1) << bits);
    }
    while (fillTo > to
        && skipFill(old, (fillTo - 1) >>> bits, sameHost, blank, clusterStart, below)) {
      fillTo = Math.max(to, ((fillTo - 1) >>> bits) << bits);
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
        map.requireSound(old, position);
        data.read(old.host() + geometry.inCluster(position), position, piece);
      } else if (!old.readsZero(index)) {
        below.read(GuestOffset.of(position), piece);
      }
      dst.position(dst.position() + length);
      position += length;
    }
  }
}
