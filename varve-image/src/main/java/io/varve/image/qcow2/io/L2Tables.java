// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.format.SubclusterBitmap;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.ImageDamage;
import io.varve.image.qcow2.metadata.WriteStage;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Changes entries of the active L2 tables; makes a table where there is none, and a private copy
/// of one that an internal snapshot shares. Under the layer's exclusive lock.
public final class L2Tables {
  private final ImageParts parts;
  private final Geometry geometry;
  private final ClusterMap map;

  public L2Tables(ImageParts parts, ClusterMap map) {
    this.parts = parts;
    this.geometry = parts.geometry();
    this.map = map;
  }

  /// Makes sure that the L2 table for this guest offset exists and belongs to the active tree
  /// alone.
  public void ensureWritable(long guestOffset) throws IOException {
    EntryTable l1 = map.l1();
    int index = (int) geometry.l1Index(guestOffset);
    long table = map.l2Table(guestOffset);
    if (table != 0 && L1Entry.copied(l1.get(index))) {
      return;
    }
    ClusterRun run = parts.allocator().allocate(1, "L2 table");
    long fresh = geometry.hostOffset(run.first());
    parts.cache().drop(fresh, geometry.clusterSize());
    try {
      if (table != 0) {
        parts.storage().announce(StorageEvent.L2_ALLOC_COW_READ);
        ByteBuffer copy = unsharedCopy(table);
        parts.storage().announce(StorageEvent.L2_ALLOC_WRITE);
        parts.storage().write(fresh, copy);
      } else {
        parts.storage().announce(StorageEvent.L2_ALLOC_WRITE);
        parts.writeZeros(fresh, geometry.clusterSize());
        parts.cache().addBlank(fresh, geometry.clusterSize());
      }
    } catch (IOException e) {
      parts.allocator().unallocate(run.first(), 1);
      throw e;
    }
    parts.metadata().add(run.first());
    parts.flushOrder().addUnreferencedTable(fresh);
    l1.set(index, L1Entry.of(fresh, true));
    if (table != 0) {
      parts.dropped().drop(geometry.hostCluster(table));
    }
  }

  /// The entries of a shared table. What it maps is shared too, so COPIED is off throughout.
  private ByteBuffer unsharedCopy(long table) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(geometry.clusterSize());
    parts.storage().read(table, bytes);
    bytes.flip();
    for (int at = 0; at < bytes.limit(); at += geometry.l2EntrySize()) {
      bytes.putLong(at, bytes.getLong(at) & ~L2Entry.COPIED);
    }
    return bytes;
  }

  /// Points the cluster at `host`, owned by the active tree alone. The table must be writable. What
  /// lies there reaches the disk before the reference.
  void setData(long guestOffset, long host, int allocated, int zero) throws IOException {
    parts.flushOrder().keepOrder();
    setNewData(guestOffset, host, allocated, zero);
  }

  /// As [#setData], where what lies there is nothing but what the guest writes just now and zeros:
  /// the reference may reach the disk first, and the cluster reads as zero after a crash.
  void setNewData(long guestOffset, long host, int allocated, int zero) throws IOException {
    long zeroFlag = geometry.extendedL2() || zero == 0 ? 0 : L2Entry.ZERO;
    set(guestOffset, host | L2Entry.COPIED | zeroFlag, SubclusterBitmap.of(allocated, zero));
  }

  /// Makes the cluster read as zero without a host cluster. The table must be writable.
  void setZeroPlain(long guestOffset) throws IOException {
    set(guestOffset, geometry.extendedL2() ? 0 : L2Entry.ZERO, SubclusterBitmap.of(0, -1));
  }

  /// Makes the cluster read as zero; its host cluster, if it has one, stays. The table must be
  /// writable.
  void setZeroKeeping(long guestOffset, ClusterState old) throws IOException {
    long zeroFlag = geometry.extendedL2() ? 0 : L2Entry.ZERO;
    parts.fresh().contentKept();
    set(guestOffset, old.entry() | zeroFlag, SubclusterBitmap.of(0, -1));
  }

  /// Changes what the subclusters of a cluster hold, and not where. The table must be writable.
  void setBitmap(long guestOffset, ClusterState old, int allocated, int zero) throws IOException {
    parts.fresh().contentKept();
    set(guestOffset, old.entry(), SubclusterBitmap.of(allocated, zero));
  }

  /// Points the cluster at compressed bytes. The table must be writable.
  void setCompressed(long guestOffset, long host, int length) throws IOException {
    parts.flushOrder().keepOrder();
    set(guestOffset, L2Entry.ofCompressed(host, length, geometry.clusterBits()), 0);
  }

  /// Makes the layer hold nothing for the cluster. The table must be writable.
  void setNone(long guestOffset) throws IOException {
    set(guestOffset, 0, 0);
  }

  private void set(long guestOffset, long entry, long bitmap) throws IOException {
    long table = map.l2Table(guestOffset);
    long position = table + (long) geometry.l2Index(guestOffset) * geometry.l2EntrySize();
    WriteStage stage = parts.flushOrder().stageOf(table);
    parts.cache().setWord(position, entry, stage);
    if (geometry.extendedL2()) {
      parts.cache().setWord(position + Long.BYTES, bitmap, stage);
    }
  }

  /// One reference less to each host cluster that this state held.
  void dropHost(ClusterState state) {
    if (state.compressed()) {
      long from = L2Entry.compressedOffset(state.entry(), geometry.clusterBits());
      long last = from + L2Entry.compressedLength(state.entry(), geometry.clusterBits()) - 1;
      long first = geometry.hostCluster(from);
      parts.dropped().drop(first, geometry.hostCluster(last) - first + 1);
    } else if (state.hasHost() && !geometry.isClusterAligned(state.host())) {
      parts.damage().minor("Cannot free unaligned cluster " + ImageDamage.hex(state.host()));
    } else if (state.hasHost() && !parts.data().external()) {
      parts.dropped().drop(geometry.hostCluster(state.host()));
    }
  }
}
