// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.Below;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.metadata.EntryTable;
import java.io.IOException;

/// Changes the size of the disk that an image describes. Under the layer's exclusive lock.
///
/// Growing past what the L1 table maps moves the table: the new one is durable before one header
/// write names it, together with the new size. Shrinking makes the smaller size durable first, so
/// that a crash can leave clusters behind the end, never data missing before it.
public final class Resizer {
  private final ImageParts parts;
  private final Geometry geometry;

  public Resizer(ImageParts parts) {
    this.parts = parts;
    this.geometry = parts.geometry();
  }

  /// Refuses what the format cannot do; nothing has changed then.
  public void requirePossible(long newSize) throws UnsupportedImageException {
    String name = parts.storage().name();
    if (newSize < 0 || newSize % 512 != 0) {
      throw new UnsupportedImageException(
          name + ": a disk size must be a multiple of 512 bytes, found " + newSize);
    }
    if (geometry.l1EntriesFor(newSize) * Long.BYTES > Limits.MAX_L1_BYTES) {
      throw new UnsupportedImageException(
          "%s: a disk of %d bytes needs an L1 table over 32 MiB at clusters of %d bytes; use larger"
                  .formatted(name, newSize, geometry.clusterSize())
              + " clusters");
    }
    if (parts.version() < 3 && parts.header().snapshotCount() > 0) {
      throw new UnsupportedImageException(
          name
              + ": a version 2 image with internal snapshots cannot be resized; delete the"
              + " snapshots or convert it to version 3");
    }
  }

  /// Grows the disk; the caller then zeroes what the base would show there. Returns the L1 table to
  /// use from now on.
  public EntryTable grow(EntryTable l1, long oldSize, long newSize) throws IOException {
    int needed = (int) geometry.l1EntriesFor(newSize);
    requireNothingBehind(l1, (int) geometry.l1EntriesFor(oldSize));
    if (needed <= l1.size()) {
      parts.header().writeSizeAndL1(newSize, parts.header().l1Size(), parts.header().l1Offset());
      parts.flushOrder().barrier();
      return l1;
    }
    parts.flushOrder().commit();
    long clusters = geometry.clustersFor((long) needed * Long.BYTES);
    ClusterRun run = parts.allocator().allocateTable(clusters);
    long offset = geometry.hostOffset(run.first());
    long[] entries = l1.copyOfEntries(needed);
    try {
      if (!run.blank()) {
        parts.storage().zero(offset, clusters * geometry.clusterSize());
      }
      EntryTable.store(parts.storage(), offset, entries);
    } catch (IOException e) {
      parts.allocator().unallocate(run.first(), run.count());
      throw e;
    }
    parts.flushOrder().commitCounts();
    parts.header().writeSizeAndL1(newSize, needed, offset);
    parts.flushOrder().barrier();

    parts.metadata().add(run.first(), run.count());
    if (l1.size() > 0) {
      parts
          .dropped()
          .drop(geometry.hostCluster(l1.offset()), geometry.clustersFor(l1.byteLength()));
    }
    EntryTable moved = new EntryTable(offset, entries);
    parts.flushOrder().attachL1(moved);
    parts.flushOrder().commit();
    return moved;
  }

  /// What lies behind the end of the disk in the L1 table is the VM state of a running `savevm`; a
  /// larger disk would run into it.
  private void requireNothingBehind(EntryTable l1, int used) throws UnsupportedImageException {
    for (int i = used; i < l1.size(); i++) {
      if (L1Entry.offset(l1.get(i)) != 0) {
        throw new UnsupportedImageException(
            "%s: L1 entry %d: clusters lie behind the end of the disk (VM state), so it cannot grow;"
                    .formatted(parts.storage().name(), i)
                + " run a check, or let QEMU finish saving the VM");
      }
    }
  }

  /// Shrinks the disk and gives up what lay behind the new end.
  public void shrink(EntryTable l1, ZeroWriter zeros, long oldSize, long newSize)
      throws IOException {
    parts.flushOrder().commit();
    parts.header().writeSizeAndL1(newSize, parts.header().l1Size(), parts.header().l1Offset());
    parts.flushOrder().barrier();
    long cluster = geometry.clusterSize();
    zeros.drop((newSize + cluster - 1) & -cluster, (oldSize + cluster - 1) & -cluster);
    for (int i = (int) geometry.l1EntriesFor(newSize); i < l1.size(); i++) {
      long table = L1Entry.offset(l1.get(i));
      if (table != 0 && i < geometry.l1EntriesFor(oldSize)) {
        l1.set(i, 0);
        parts.dropped().drop(geometry.hostCluster(table));
      }
    }
    parts.flushOrder().commit();
  }

  /// The tail that a grown disk gains reads as zero, whatever an old last cluster or the base
  /// holds.
  public void zeroTail(ZeroWriter zeros, long oldSize, long newSize, Below below)
      throws IOException {
    zeros.zero(oldSize, newSize, newSize, ZeroMode.UNMAP, below);
    parts.flushOrder().commit();
  }
}
