// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.BitmapException;
import io.varve.image.Layer;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.InternalSnapshot.Lineage;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.image.qcow2.format.SnapshotLineage;
import io.varve.image.qcow2.format.SnapshotLineage.Ref;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.snapshot.SnapshotL1;
import io.varve.image.qcow2.snapshot.SnapshotStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.NoSuchElementException;

/// The snapshots inside one image (compute snapshots, copy on write). Creating one costs index work
/// in proportion to what is allocated; afterwards the first change of each cluster costs a copy.
///
/// Snapshots are addressed by name, or by id where no name fits. Every method is safe to call from
/// any thread; changes take the layer's exclusive lock and are durable on return.
public final class InternalSnapshots {
  /// QEMU's tools cut longer names.
  private static final int MAX_NAME_BYTES = 255;

  private final Qcow2Layer layer;

  InternalSnapshots(Qcow2Layer layer) {
    this.layer = layer;
  }

  /// All snapshots, in the order of the table.
  public List<InternalSnapshot> list() throws IOException {
    layer.lock().readLock().lock();
    try {
      List<SnapshotEntry> all = entries();
      return all.stream().map(entry -> describe(entry, all)).toList();
    } finally {
      layer.lock().readLock().unlock();
    }
  }

  /// Takes a snapshot of the disk as it is now. Unflushed changes are part of it.
  ///
  /// @param name 1 to 255 bytes of UTF-8, not used by another snapshot
  /// @throws UnsupportedImageException if the name is taken or no refcount is wide enough; the
  ///   image is then as before
  public InternalSnapshot create(String name, Instant when) throws IOException {
    return exclusive(store -> {
      requireNewName(store, name);
      SnapshotEntry entry = store.create(SnapshotRequest.ofDisk(name, when));
      return describe(entry, store.entries());
    });
  }

  /// As [#create], for a snapshot that says more of itself, or whose name need not be unique: QEMU
  /// asks for neither a name nor for a new one.
  ///
  /// @throws UnsupportedImageException if no refcount is wide enough; the image is then as before
  public InternalSnapshot take(SnapshotRequest request) throws IOException {
    return exclusive(store -> describe(store.create(request), store.entries()));
  }

  /// Makes the disk what it was at that snapshot, its size included. The state before is lost
  /// unless another snapshot holds it.
  ///
  /// @throws BitmapException if the image has bitmaps: they would not say what that changes
  public void apply(String nameOrId) throws IOException {
    exclusive(store -> apply(store, find(store.entries(), nameOrId)));
  }

  /// As [#apply], for the snapshot at this place of [#list()].
  public void applyAt(int index) throws IOException {
    exclusive(store -> apply(store, store.entries().get(index)));
  }

  private Layer apply(SnapshotStore store, SnapshotEntry entry) throws IOException {
    if (!layer.bitmaps().list().isEmpty()) {
      throw new BitmapException(layer.name(), "Device has active dirty bitmaps");
    }
    store.apply(entry);
    layer.refreshSize();
    return layer;
  }

  /// Deletes a snapshot and frees the clusters that only it held.
  public FreedSpace delete(String nameOrId) throws IOException {
    return exclusive(store -> store.delete(find(store.entries(), nameOrId)));
  }

  /// As [#delete], for the snapshot at this place of [#list()].
  public FreedSpace deleteAt(int index) throws IOException {
    return exclusive(store -> store.delete(store.entries().get(index)));
  }

  /// The snapshot as a read-only layer; valid as long as this layer is open and the snapshot
  /// exists.
  public Layer view(String nameOrId) throws IOException {
    layer.lock().readLock().lock();
    try {
      SnapshotEntry entry = find(entries(), nameOrId);
      EntryTable l1 =
          SnapshotL1.loadWhole(layer.storage(), layer.area().header().geometry(), entry);
      long size = entry.diskSizeOr(layer.size()) & -512L;
      return new SnapshotView(layer, layer.mapOf(l1), size, entry.name());
    } finally {
      layer.lock().readLock().unlock();
    }
  }

  /// The snapshot at this place of [#list()] as a read-only layer of the size that the disk has
  /// now, whatever it had then. Valid as [#view] is.
  public Layer viewAt(int index) throws IOException {
    layer.lock().readLock().lock();
    try {
      SnapshotEntry entry = entries().get(index);
      EntryTable l1 =
          SnapshotL1.loadWhole(layer.storage(), layer.area().header().geometry(), entry);
      return new SnapshotView(layer, layer.mapOf(l1), layer.size(), entry.name());
    } finally {
      layer.lock().readLock().unlock();
    }
  }

  /// What a snapshot holds, counted by walking its tables. A writable layer is flushed first.
  public SnapshotUsage usage(String nameOrId) throws IOException {
    layer.flushIfWritable();
    layer.lock().readLock().lock();
    try {
      SnapshotEntry entry = find(entries(), nameOrId);
      return SnapshotUsageCounter.of(layer, entry);
    } finally {
      layer.lock().readLock().unlock();
    }
  }

  private List<SnapshotEntry> entries() throws IOException {
    SnapshotStore store = layer.store();
    if (store != null) {
      return store.entries();
    }
    return Qcow2Opener.snapshots(layer.storage(), layer.area().header()).entries();
  }

  private InternalSnapshot describe(SnapshotEntry entry, List<SnapshotEntry> all) {
    Instant when = Instant.ofEpochSecond(entry.seconds() & 0xffff_ffffL, entry.nanos());
    return new InternalSnapshot(
        entry.id(),
        entry.name(),
        when,
        entry.vmStateSize(),
        entry.diskSizeOr(layer.area().header().size()),
        entry.vmClock(),
        entry.icount(),
        SnapshotLineage.of(entry).map(own -> lineage(own, all)).orElse(null));
  }

  private static Lineage lineage(SnapshotLineage own, List<SnapshotEntry> all) {
    Ref parent = own.parent();
    String id =
        parent == null
            ? null
            : all.stream().filter(parent::names).map(SnapshotEntry::id).findFirst().orElse(null);
    return new Lineage(id, own.current());
  }

  private SnapshotEntry find(List<SnapshotEntry> entries, String nameOrId) {
    return entries.stream()
        .filter(entry -> entry.name().equals(nameOrId))
        .findFirst()
        .or(() -> entries.stream().filter(entry -> entry.id().equals(nameOrId)).findFirst())
        .orElseThrow(() ->
            new NoSuchElementException(
                layer.name() + ": snapshot not found: no snapshot '" + nameOrId + "'"));
  }

  private void requireNewName(SnapshotStore store, String name) throws UnsupportedImageException {
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length == 0 || length > MAX_NAME_BYTES || name.indexOf('\0') >= 0) {
      throw new UnsupportedImageException(
          "%s: a snapshot name has 1 to %d bytes, found %d"
              .formatted(layer.name(), MAX_NAME_BYTES, length));
    }
    if (store.entries().stream().anyMatch(entry -> entry.name().equals(name))) {
      throw new UnsupportedImageException(
          "%s: a snapshot '%s' exists already; choose another name or delete it"
              .formatted(layer.name(), name));
    }
  }

  private interface Operation<T> {
    T run(SnapshotStore store) throws IOException;
  }

  private <T> T exclusive(Operation<T> operation) throws IOException {
    SnapshotStore store = layer.store();
    if (store == null) {
      throw new ReadOnlyImageException(
          layer.name() + ": the layer is open read-only; open it for writing to change snapshots");
    }
    layer.lock().writeLock().lock();
    try {
      return operation.run(store);
    } finally {
      layer.lock().writeLock().unlock();
    }
  }
}
