// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.SubclusterBitmap;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Writes guest data: in place where the cluster belongs to the active tree alone, else to a new
/// host cluster with the untouched rest copied (redirect or copy on write).
///
/// Data is written before the index changes in memory, and
/// [io.varve.image.qcow2.metadata.FlushOrder] keeps that order on disk.
public final class ClusterWriter {
  /// Data that is copied once more to be written in one piece with what lies around it.
  private static final int MOST_COPIED = 1 << 20;

  private static final int SECTOR = 512;

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
      writeData(host, at, take(src, length));
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
    int missing = touched & ~old.allocated();
    long end = position + src.remaining();
    long cluster = geometry.clusterStart(position);
    long from = cluster + startOf(touched);
    long to = cluster + endOf(touched);
    from = (missing & Integer.lowestOneBit(touched)) != 0 ? from : position;
    to = (missing & Integer.highestOneBit(touched)) != 0 ? to : end;
    writeAround(position, src, from, to, old.host() + geometry.inCluster(position), false, below);
    if (!parts.fresh().isFresh(geometry.hostCluster(old.host()))) {
      parts.flushOrder().keepOrder();
    }
    tables.setNewData(position, old.host(), old.allocated() | touched, old.zero() & ~touched);
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
      long base = geometry.hostOffset(run.first());
      writeAround(
          position,
          src.slice(src.position(), length),
          firstFilled(position, length),
          lastFilled(position, length),
          base + geometry.inCluster(position),
          run.blank(),
          below);
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
      tables.setNewData(at, host, filled, old.zero() & ~filled);
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

  /// Guest offset from which on new host clusters get what the guest sees there.
  private long firstFilled(long position, int length) throws IOException {
    int piece = Math.min(length, restOfCluster(position));
    int filled = filled(touched(position, piece), map.state(position));
    return geometry.clusterStart(position) + startOf(filled);
  }

  /// Guest offset up to which new host clusters get what the guest sees there.
  private long lastFilled(long position, int length) throws IOException {
    long end = position + length;
    long at = Math.max(position, geometry.clusterStart(end - 1));
    int filled = filled(touched(at, (int) (end - at)), map.state(at));
    return geometry.clusterStart(at) + endOf(filled);
  }

  private int startOf(int subclusters) {
    return Integer.numberOfTrailingZeros(subclusters) << geometry.subclusterBits();
  }

  private int endOf(int subclusters) {
    return (32 - Integer.numberOfLeadingZeros(subclusters)) << geometry.subclusterBits();
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

  /// Writes `src`, and around it what the guest saw so far. Where that is zero, as is known without
  /// reading, it is made zero first, with its space reserved: a hole within data would be told as
  /// such by those who look through to the host.
  ///
  /// @param from guest offset at or before `position`
  /// @param to guest offset at or behind the end of `src`
  /// @param host offset at which `position` lies from now on
  /// @param blank nothing was ever written there
  private void writeAround(
      long position, ByteBuffer src, long from, long to, long host, boolean blank, Below below)
      throws IOException {
    long end = position + src.remaining();
    int head = (int) (position - from);
    int tail = (int) (to - end);
    if (head == 0 && tail == 0) {
      writeData(host, position, src);
      return;
    }
    if (!data.encrypted() && isZero(from, position, below) && isZero(end, to, below)) {
      parts.storage().announce(StorageEvent.CLUSTER_ALLOC_SPACE);
      if (blank) {
        data.makeBlank(host - head, to - from, true);
        writeData(host, position, src);
      } else {
        writeBetweenZeros(position, src, head, tail, host);
      }
      return;
    }
    // What is copied was durable where it came from, and must be here before anything refers to it.
    parts.flushOrder().keepOrder();
    if (src.remaining() > MOST_COPIED) {
      writeOld(from, head, host - head, below);
      writeData(host, position, src);
      writeOld(end, tail, host + (end - position), below);
      return;
    }
    parts.storage().announce(StorageEvent.COW_READ);
    ByteBuffer filled = ByteBuffer.allocate(head + src.remaining() + tail);
    readOld(from, filled.limit(head), below);
    filled.limit(head + src.remaining()).put(src);
    readOld(end, filled.limit(filled.capacity()), below);
    writeData(host - head, from, filled.flip());
  }

  private void writeData(long host, long guest, ByteBuffer src) throws IOException {
    parts.storage().announce(StorageEvent.WRITE_AIO);
    data.write(host, guest, src);
  }

  /// Writes `src` with zeros up to the next sectors, and zeros before and behind it. The guest's
  /// own bytes may lie there: each sector changes at once, so that a crash shows it old or new.
  private void writeBetweenZeros(long position, ByteBuffer src, int head, int tail, long host)
      throws IOException {
    int before = Math.min(head, (int) (host & (SECTOR - 1)));
    int after = Math.min(tail, (int) (-(host + src.remaining()) & (SECTOR - 1)));
    data.makeBlank(host - head, head - before, false);
    data.makeBlank(host + src.remaining() + after, tail - after, false);
    if (before == 0 && after == 0) {
      writeData(host, position, src);
      return;
    }
    ByteBuffer padded = ByteBuffer.allocate(before + src.remaining() + after);
    padded.put(before, src, src.position(), src.remaining());
    writeData(host - before, position - before, padded);
  }

  private void writeOld(long from, int length, long host, Below below) throws IOException {
    parts.storage().announce(StorageEvent.COW_READ);
    ByteBuffer old = ByteBuffer.allocate(length);
    readOld(from, old, below);
    parts.storage().announce(StorageEvent.COW_WRITE);
    data.write(host, from, old.flip());
  }

  /// True if the guest range is known to read as zero, by the indexes alone. Where space is spent
  /// as QEMU spends it, the range must be of one kind and lie inside the disk: QEMU asks but once.
  private boolean isZero(long from, long to, Below below) throws IOException {
    boolean asQemu = parts.rules().qemuLayout();
    if (asQemu && to > from && to > (parts.header().diskSize() & -512L)) {
      return false;
    }
    for (long at = from; at < to; ) {
      LayerExtent extent = map.piece(at, to);
      boolean zero =
          switch (extent.kind()) {
            case ZERO, ZERO_ALLOCATED -> true;
            case NONE -> zeroBelow(at, extent.length(), below);
            case DATA, COMPRESSED -> false;
          };
      if (!zero || (asQemu && extent.end() < to)) {
        return false;
      }
      at = extent.end();
    }
    return true;
  }

  private boolean zeroBelow(long at, long length, Below below) throws IOException {
    GuestOffset start = GuestOffset.of(at);
    return parts.rules().qemuLayout()
        ? below.knownAsZero(start, length)
        : below.readsAsZero(start, length);
  }

  /// Fills the room in `dst` with what the guest saw before this write.
  private void readOld(long at, ByteBuffer dst, Below below) throws IOException {
    long position = at;
    while (dst.hasRemaining()) {
      ClusterState old = map.state(position);
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
