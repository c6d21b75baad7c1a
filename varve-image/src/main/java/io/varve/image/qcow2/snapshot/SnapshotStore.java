// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.snapshot;

import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.FreedSpace;
import io.varve.image.qcow2.SnapshotRequest;
import io.varve.image.qcow2.alloc.ClusterRun;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.image.qcow2.format.SnapshotLineage;
import io.varve.image.qcow2.format.SnapshotTable;
import io.varve.image.qcow2.io.ActiveTree;
import io.varve.image.qcow2.io.ImageParts;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.FlushOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Creates, applies and deletes internal snapshots (spec: "Snapshots"). Under the exclusive lock.
///
/// ```
/// create:  counts +1, copy of L1, new snapshot table | COPIED off | header names the table |
/// apply:   counts +1 of the target, new L1 | COPIED off | header names L1 and size | counts -1 of the old
/// delete:  new snapshot table | header names it | counts -1, punch | COPIED back on
/// ```
///
/// (`|` is a barrier.) One header write inside a sector is the moment of each. Between barriers
/// counts and COPIED flags disagree, so in version 3 the dirty bit is on from the first write to
/// the last: a crash then makes the next opener repair. In version 2 such a crash leaves counts too
/// high and COPIED flags off at worst, which loses nothing; whoever drives the operation repairs
/// after it.
public final class SnapshotStore {
  private final ImageParts parts;
  private final Geometry geometry;
  private final FlushOrder order;
  private final TreeRefs refs;
  private final ActiveTree active;
  private List<SnapshotEntry> entries;
  private long tableBytes;

  public SnapshotStore(ImageParts parts, ActiveTree active, SnapshotTable.Loaded loaded) {
    this.parts = parts;
    this.geometry = parts.geometry();
    this.order = parts.flushOrder();
    this.refs = new TreeRefs(parts);
    this.active = active;
    this.entries = loaded.entries();
    this.tableBytes = loaded.length();
  }

  public List<SnapshotEntry> entries() {
    return entries;
  }

  /// Length of the snapshot table in the file.
  public long tableBytes() {
    return tableBytes;
  }

  /// Takes a snapshot of the active state and returns its entry.
  ///
  /// @throws UnsupportedImageException if a refcount cannot rise; the image is then as before
  public SnapshotEntry create(SnapshotRequest request) throws IOException {
    if (parts.data().external()) {
      throw new UnsupportedImageException(
          parts.storage().name()
              + ": an image with an external data file cannot have internal snapshots; clone it");
    }
    begin();
    EntryTable activeL1 = active.map().l1();
    long[] l1 = unshared(activeL1, activeL1.size());
    Attempt attempt = new Attempt();
    List<SnapshotEntry> next;
    ClusterRun table;
    try {
      attempt.count(l1);
      long offset = attempt.store(l1);
      next = SnapshotLineage.taken(entries, entryFor(request, offset, l1.length));
      table = attempt.write(SnapshotTable.encode(next, parts.header().diskSize()));
      order.commitCounts();
    } catch (IOException e) {
      throw attempt.undo(e);
    }
    finish(() -> {
      refs.clearCopied(l1);
      for (int i = 0; i < activeL1.size(); i++) {
        activeL1.set(i, activeL1.get(i) & ~L1Entry.COPIED);
      }
      order.commit();
      order.barrier();

      switchTable(next, table);
      dropVmState(request);
    });
    return next.getLast();
  }

  @FunctionalInterface
  private interface Rest {
    void run() throws IOException;
  }

  /// The part of an operation from which no way leads back. If it breaks off, the layer takes no
  /// further change and the dirty bit stays on, so that the next opener repairs.
  private void finish(Rest rest) throws IOException {
    try {
      rest.run();
      end();
    } catch (IOException e) {
      order.breakOff(e);
      throw e;
    }
  }

  private SnapshotEntry entryFor(SnapshotRequest request, long l1Offset, int l1Size) {
    Instant when = request.when();
    return SnapshotEntry.of(
            l1Offset,
            l1Size,
            nextId(),
            request.name(),
            (int) when.getEpochSecond(),
            when.getNano(),
            parts.header().diskSize())
        .withVmState(request.vmStateSize(), request.vmClockNanos(), request.icount());
  }

  /// The snapshot has the VM state now; in the active tree it would be copied on the next write.
  private void dropVmState(SnapshotRequest request) throws IOException {
    if (request.vmStateSize() <= 0) {
      return;
    }
    EntryTable l1 = active.map().l1();
    int first = (int) geometry.l1EntriesFor(parts.header().diskSize());
    long[] gone = l1.copyOfEntries(l1.size());
    Arrays.fill(gone, 0, Math.min(first, gone.length), 0);
    for (int i = first; i < l1.size(); i++) {
      l1.set(i, 0);
    }
    order.commit();
    refs.remove(gone);
  }

  /// Makes the state of `entry` the active one; what was active is given up.
  public void apply(SnapshotEntry entry) throws IOException {
    long diskSize = entry.diskSizeOr(parts.header().diskSize());
    if (parts.version() < 3 && diskSize != parts.header().diskSize()) {
      throw new UnsupportedImageException(
          "%s: snapshot '%s': its disk has %d bytes, now %d, and version 2 cannot change the size with"
                  .formatted(
                      parts.storage().name(), entry.name(), diskSize, parts.header().diskSize())
              + " snapshots; convert the image to version 3");
    }
    EntryTable whole = SnapshotL1.loadWhole(parts.storage(), geometry, entry);
    begin();
    long[] old = active.map().l1().copyOfEntries(active.map().l1().size());
    long[] target = unshared(whole, Math.max(whole.size(), (int) geometry.l1EntriesFor(diskSize)));
    long[] gained = target.clone();
    leaveOutCommon(gained, old);
    Attempt attempt = new Attempt();
    List<SnapshotEntry> next = SnapshotLineage.standingOn(entry, entries);
    long offset;
    ClusterRun table;
    try {
      attempt.count(gained);
      offset = attempt.store(target);
      table = attempt.write(SnapshotTable.encode(next, diskSize));
      order.commitCounts();
    } catch (IOException e) {
      throw attempt.undo(e);
    }
    finish(() -> {
      refs.clearCopied(gained);
      order.barrier();

      EntryTable oldTable = active.map().l1();
      parts.header().writeSizeAndL1(diskSize, target.length, offset);
      order.barrier();
      switchTable(next, table);

      active.switchTo(new EntryTable(offset, target));
      for (long l1Entry : target) {
        if (l1Entry != 0) {
          parts.metadata().add(geometry.hostCluster(L1Entry.offset(l1Entry)));
        }
      }
      refs.remove(old);
      dropTable(oldTable.offset(), oldTable.byteLength());
    });
  }

  /// Removes `entry` and frees what only it held.
  public FreedSpace delete(SnapshotEntry entry) throws IOException {
    long freedBefore = parts.dropped().freedBytes();
    long punchedBefore = parts.dropped().punchedBytes();
    begin();
    long[] l1 = load(entry);
    List<SnapshotEntry> next = SnapshotLineage.without(entry, entries);
    Attempt attempt = new Attempt();
    ClusterRun table = null;
    try {
      if (!next.isEmpty()) {
        table = attempt.write(SnapshotTable.encode(next, parts.header().diskSize()));
      }
      order.commitCounts();
    } catch (IOException e) {
      throw attempt.undo(e);
    }
    ClusterRun newTable = table;
    finish(() -> {
      switchTable(next, newTable);

      refs.remove(l1);
      dropTable(entry.l1Offset(), (long) l1.length * Long.BYTES);
      order.commit();
      refs.restoreCopied(active.map().l1());
      order.commit();
      order.barrier();
    });
    return new FreedSpace(
        parts.dropped().freedBytes() - freedBefore, parts.dropped().punchedBytes() - punchedBefore);
  }

  private long[] load(SnapshotEntry entry) throws IOException {
    EntryTable l1 = SnapshotL1.load(parts.storage(), geometry, entry);
    return l1.copyOfEntries(l1.size());
  }

  /// The entries of an L1 table, VM state behind the disk included, COPIED off, at least one.
  private static long[] unshared(EntryTable table, int length) {
    long[] entries = table.copyOfEntries(Math.max(1, length));
    for (int i = 0; i < entries.length; i++) {
      entries[i] &= ~L1Entry.COPIED;
    }
    return entries;
  }

  /// Takes out what both trees share and share already: the reference moves from the one to the
  /// other, and no count changes. After few writes that is nearly all of a disk.
  private static void leaveOutCommon(long[] gained, long[] old) {
    for (int i = 0; i < Math.min(gained.length, old.length); i++) {
      if (gained[i] == old[i]) {
        gained[i] = 0;
        old[i] = 0;
      }
    }
  }

  private String nextId() {
    long highest = 0;
    for (SnapshotEntry entry : entries) {
      highest = Math.max(highest, leadingNumber(entry.id()));
    }
    return Long.toString(highest + 1);
  }

  /// As C's `strtoul`, which QEMU uses: the digits at the start, 0 without any.
  private static long leadingNumber(String id) {
    long number = 0;
    for (int i = 0; i < id.length() && i < 18 && Character.isDigit(id.charAt(i)); i++) {
      number = number * 10 + Character.digit(id.charAt(i), 10);
    }
    return number;
  }

  private void begin() throws IOException {
    order.commit();
    setDirtyBit(true);
  }

  private void end() throws IOException {
    order.commit();
    setDirtyBit(false);
  }

  private void setDirtyBit(boolean on) throws IOException {
    if (parts.version() < 3) {
      return;
    }
    long bits = parts.header().incompatible();
    long next = on ? bits | FeatureBits.DIRTY : bits & ~FeatureBits.DIRTY;
    parts.header().writeFeatures(next, parts.header().autoclear());
    order.barrier();
  }

  /// What an operation has done before its header write, so that a refusal or a full disk leaves
  /// the image as it was.
  private final class Attempt {
    private final List<ClusterRun> runs = new ArrayList<>();
    private long[] counted = {};

    void count(long[] l1) throws IOException {
      refs.add(l1);
      counted = l1;
    }

    long store(long[] l1) throws IOException {
      ClusterRun run = allocate((long) l1.length * Long.BYTES);
      EntryTable.store(parts.storage(), geometry.hostOffset(run.first()), l1);
      return geometry.hostOffset(run.first());
    }

    ClusterRun write(byte[] table) throws IOException {
      ClusterRun run = allocate(table.length);
      parts.storage().write(geometry.hostOffset(run.first()), ByteBuffer.wrap(table));
      return run;
    }

    private ClusterRun allocate(long bytes) throws IOException {
      long clusters = Math.max(1, geometry.clustersFor(bytes));
      ClusterRun run = parts.allocator().allocate(clusters);
      runs.add(run);
      if (!run.blank()) {
        long position = geometry.hostOffset(run.first());
        parts.storage().zero(position, clusters * geometry.clusterSize());
      }
      parts.metadata().add(run.first(), run.count());
      return run;
    }

    IOException undo(IOException cause) {
      try {
        for (ClusterRun run : runs) {
          parts.allocator().unallocate(run.first(), run.count());
          parts.metadata().remove(run.first(), run.count());
        }
        refs.takeBack(counted, Long.MAX_VALUE);
        end();
      } catch (IOException e) {
        cause.addSuppressed(e);
      }
      return cause;
    }
  }

  private void switchTable(List<SnapshotEntry> next, @Nullable ClusterRun table)
      throws IOException {
    long oldOffset = parts.header().snapshotsOffset();
    long offset = table == null ? 0 : geometry.hostOffset(table.first());
    parts.header().writeSnapshots(next.size(), offset);
    order.barrier();
    if (!entries.isEmpty()) {
      dropTable(oldOffset, tableBytes);
    }
    entries = List.copyOf(next);
    tableBytes = SnapshotTable.encode(next, parts.header().diskSize()).length;
  }

  private void dropTable(long offset, long bytes) {
    long clusters = geometry.clustersFor(bytes);
    if (offset != 0) {
      parts.dropped().drop(geometry.hostCluster(offset), Math.max(1, clusters));
    }
  }
}
