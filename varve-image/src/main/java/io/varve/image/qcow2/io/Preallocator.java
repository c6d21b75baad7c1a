// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.Preallocation;
import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Gives guest clusters their place in the file ahead of use. A new L2 table is written whole, once
/// and past the cache; the counts of its clusters reach the disk in batches, so that memory and
/// time follow the index and not the data.
///
/// With subclusters a place alone says nothing of the data: all 32 stay unallocated, as in QEMU.
/// Under the layer's exclusive lock.
public final class Preallocator {
  private static final int PIECE = 1 << 20;

  private final ImageParts parts;
  private final Geometry geometry;
  private final ActiveTree active;
  private final Preallocation mode;

  /// What is left of the one run that all data goes to, where space is reserved for it.
  private @Nullable ClusterRun reserved;

  public Preallocator(ImageParts parts, ActiveTree active, Preallocation mode) {
    this.parts = parts;
    this.geometry = parts.geometry();
    this.active = active;
    this.mode = mode;
  }

  /// Gives every cluster that `[from, to)` touches a place, unless it has one. The L1 table maps
  /// the range already.
  public void allocate(long from, long to) throws IOException {
    if (mode == Preallocation.OFF || from >= to) {
      return;
    }
    Storage dataFile = parts.data().dataFile();
    if (dataFile != null) {
      reserve(dataFile, from, to - from);
    }
    boolean firstIsNew = lacksPlace(from);
    boolean lastIsNew = lacksPlace(to - 1);
    long position = geometry.clusterStart(from);
    while (position < to) {
      long tableEnd = position - position % geometry.bytesPerL2Table() + geometry.bytesPerL2Table();
      long end = Math.min(to, tableEnd);
      int clusters = (int) geometry.clustersFor(end - position);
      if (active.map().l2Table(position) == 0) {
        newTable(position, clusters, geometry.clustersFor(to - position));
      } else {
        fillTable(position, clusters);
      }
      position = end;
      parts.bound();
    }
    if (mode == Preallocation.METADATA) {
      fillEdges(from, to, firstIsNew, lastIsNew);
    }
    if (mode != Preallocation.METADATA || !parts.rules().qemuLayout()) {
      coverTheFile();
    }
  }

  /// QEMU enters new clusters as a write does: what lies around the range, in the (sub)clusters at
  /// its edges, is written, and the file ends with the last of it.
  private void fillEdges(long from, long to, boolean firstIsNew, boolean lastIsNew)
      throws IOException {
    long unit = geometry.subclusterSize();
    if (firstIsNew) {
      fillEdge(from & -unit, from, from);
    }
    if (!lastIsNew) {
      return;
    }
    long end = (to + unit - 1) & -unit;
    fillEdge(to, end, to - 1);
    Storage file = parts.data().external() ? parts.data().dataFile() : parts.storage();
    long last = active.map().state(to - 1).host() + end - geometry.clusterStart(to - 1);
    if (file != null && !file.capabilities().fixedSize() && file.size() < last) {
      file.truncate(last);
    }
  }

  private void fillEdge(long from, long to, long inside) throws IOException {
    if (from < to) {
      long host = active.map().state(inside).host() + geometry.inCluster(from);
      parts.data().write(host, from, ByteBuffer.allocate((int) (to - from)));
    }
  }

  private void reserve(Storage storage, long position, long length) throws IOException {
    switch (mode) {
      case FULL -> {
        long done = 0;
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(PIECE, length));
        while (done < length) {
          zeros.clear().limit((int) Math.min(zeros.capacity(), length - done));
          storage.write(position + done, zeros);
          done += zeros.limit();
        }
      }
      case FALLOC -> storage.reserve(position, length);
      case METADATA -> {
        if (!storage.capabilities().fixedSize() && storage.size() < position + length) {
          storage.truncate(position + length);
        }
      }
      case OFF -> {}
    }
  }

  /// A file that ends before its last cluster would be taken for one that was cut short.
  private void coverTheFile() throws IOException {
    Storage storage = parts.storage();
    long end = parts.allocator().writtenEnd();
    if (!storage.capabilities().fixedSize() && storage.size() < end) {
      storage.truncate(end);
    }
  }

  private void newTable(long position, int clusters, long clustersToCome) throws IOException {
    ClusterRun run = parts.allocator().allocate(1);
    long offset = geometry.hostOffset(run.first());
    EntryTable l1 = active.map().l1();
    parts.cache().drop(offset, geometry.clusterSize());
    ByteBuffer table = ByteBuffer.allocate(geometry.clusterSize());
    int at = geometry.l2Index(position) * geometry.l2EntrySize();
    try {
      for (int done = 0; done < clusters; ) {
        long guest = position + ((long) done << geometry.clusterBits());
        ClusterRun data = take(guest, clusters - done, clustersToCome - done);
        for (int i = 0; i < data.count(); i++, at += geometry.l2EntrySize()) {
          table.putLong(at, geometry.hostOffset(data.first() + i) | L2Entry.COPIED);
        }
        done += (int) data.count();
      }
      parts.storage().write(offset, table);
    } catch (IOException e) {
      // Its clusters are counted and nothing refers to them: they leak, which a check mends.
      parts.allocator().unallocate(run.first(), 1);
      throw e;
    }
    parts.metadata().add(run.first());
    l1.set((int) geometry.l1Index(position), L1Entry.of(offset, true));
  }

  /// Fills the gaps of a table that exists.
  private void fillTable(long position, int clusters) throws IOException {
    L2Tables tables = active.tables();
    tables.ensureWritable(position);
    for (int done = 0; done < clusters; ) {
      long guest = position + ((long) done << geometry.clusterBits());
      int gap = 0;
      while (done + gap < clusters && lacksPlace(guest + ((long) gap << geometry.clusterBits()))) {
        gap++;
      }
      if (gap == 0) {
        done++;
        continue;
      }
      ClusterRun data = take(guest, gap, gap);
      for (int i = 0; i < data.count(); i++) {
        long step = (long) i << geometry.clusterBits();
        ClusterState old = active.map().state(guest + step);
        long host = geometry.hostOffset(data.first()) + step;
        tables.setData(guest + step, host, geometry.extendedL2() ? 0 : old.allocated(), old.zero());
      }
      done += (int) data.count();
    }
  }

  private boolean lacksPlace(long guest) throws IOException {
    ClusterState state = active.map().state(guest);
    return !state.hasHost() && !state.compressed();
  }

  /// Up to `most` neighbouring clusters for the data at `guest`.
  ///
  /// @param toCome clusters that will be asked for from here on, in one piece if space is reserved
  private ClusterRun take(long guest, long most, long toCome) throws IOException {
    if (parts.data().external()) {
      return parts.allocateData(guest, most);
    }
    if (!mode.reservesSpace()) {
      ClusterRun run = parts.allocator().allocate(most);
      clean(run);
      return run;
    }
    ClusterRun from = reserved;
    if (from == null || from.count() == 0) {
      from = parts.allocator().allocate(toCome);
      clean(from);
      reserve(
          parts.storage(),
          geometry.hostOffset(from.first()),
          from.count() << geometry.clusterBits());
    }
    long count = Math.min(most, from.count());
    reserved = new ClusterRun(from.first() + count, from.count() - count, from.blank());
    return new ClusterRun(from.first(), count, from.blank());
  }

  /// What lay in reused clusters must not show.
  private void clean(ClusterRun run) throws IOException {
    if (!run.blank() && parts.data().blankIsZero()) {
      parts.storage().zero(geometry.hostOffset(run.first()), run.count() << geometry.clusterBits());
    }
  }
}
