// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.BackingReference;
import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.Preallocation;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.WritableLayer;
import io.varve.image.qcow2.bitmap.BitmapStore;
import io.varve.image.qcow2.compress.ClusterDecoder;
import io.varve.image.qcow2.compress.ClusterEncoder;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.SnapshotTable;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.qcow2.io.ActiveTree;
import io.varve.image.qcow2.io.ClusterMap;
import io.varve.image.qcow2.io.ClusterReader;
import io.varve.image.qcow2.io.DataArea;
import io.varve.image.qcow2.io.Emptier;
import io.varve.image.qcow2.io.FileEnd;
import io.varve.image.qcow2.io.ImageParts;
import io.varve.image.qcow2.io.Preallocator;
import io.varve.image.qcow2.io.Resizer;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.FlushOrder;
import io.varve.image.qcow2.metadata.ImageDamage;
import io.varve.image.qcow2.metadata.MetadataCache;
import io.varve.image.qcow2.snapshot.SnapshotStore;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// One qcow2 file, version 2 or 3.
///
/// **Threads.** Reads, and writes into clusters that the active state owns alone, run at the same
/// time under the shared side of one lock; whatever changes the index takes the exclusive side. A
/// thread that holds a layer's lock may read layers beneath it, never one above (ARCHITECTURE.md,
/// lock order).
///
/// **Durability.** See [WritableLayer]; [FlushOrder] arranges the order of disk writes.
public final class Qcow2Layer implements WritableLayer {
  private final Storage storage;
  private final DataArea data;
  private final ImageDamage damage;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final ClusterReader reader;
  private final MetadataCache cache;
  private final @Nullable ImageParts parts;
  private final @Nullable ActiveTree tree;
  private final @Nullable SnapshotStore store;
  private final BitmapStore bitmaps;
  private final ClusterMap readOnlyMap;
  private final FileEnd end;
  private HeaderArea area;
  private volatile long size;
  private boolean closed;

  private Qcow2Layer(Storage storage, HeaderArea area, DataArea data, Qcow2Options options)
      throws IOException {
    Header header = area.header();
    this.storage = storage;
    this.data = data;
    this.area = area;
    this.size = header.size() & -512L;
    this.cache = new MetadataCache(storage, header.clusterSize(), options.cacheBytes());
    ClusterDecoder decoder = ClusterDecoder.of(header.compressionType(), storage.name());
    this.reader = new ClusterReader(storage, data, header.geometry(), decoder);
    EntryTable l1 = Qcow2Opener.activeL1(storage, header);
    this.end = new FileEnd(storage, header.geometry(), options.requireWhole());
    this.damage = new ImageDamage(storage.name(), options.notices());
    this.readOnlyMap = mapOf(l1);
    SnapshotTable.Loaded loaded = Qcow2Opener.snapshots(storage, header, options);
    if (options.writable()) {
      this.parts = Qcow2Opener.parts(storage, data, header, cache, l1, loaded, options, damage);
      Qcow2Opener.guardLuks(parts, area);
      end.attach(parts.allocator());
      this.tree = new ActiveTree(parts, storage.name(), reader, l1, end);
      this.store = new SnapshotStore(parts, tree, loaded);
      parts.overlaps().attachSnapshots(store::entries, store::tableBytes);
    } else {
      this.parts = null;
      this.tree = null;
      this.store = null;
    }
    this.bitmaps = Qcow2Opener.bitmaps(storage, area, parts, this::changeArea);
  }

  /// Opens an image and takes over `storage`: the layer closes it, also when opening fails.
  ///
  /// @throws io.varve.image.WrongFormatException if it is not qcow2
  /// @throws io.varve.image.UnsupportedImageException if it needs a feature that Varve lacks
  /// @throws io.varve.image.CorruptImageException if its header breaks the format's rules
  /// @throws ReadOnlyImageException if it is marked corrupt and `options` ask for writing
  public static Qcow2Layer open(Storage storage, Qcow2Options options) throws IOException {
    DataArea data = null;
    try {
      HeaderArea area = Qcow2Opener.prepare(storage, options);
      data = DataAreas.open(storage, area, options);
      return new Qcow2Layer(storage, area, data, options);
    } catch (IOException | RuntimeException e) {
      try (storage) {
        if (data != null) {
          data.close();
        }
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  ClusterMap mapOf(EntryTable l1) {
    Header header = area.header();
    return new ClusterMap(
        storage.name(),
        header.geometry(),
        header.version(),
        cache,
        l1,
        data.external(),
        end,
        damage);
  }

  @Override
  public String name() {
    return storage.name();
  }

  @Override
  public LayerFormat format() {
    return LayerFormat.QCOW2;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Optional<BackingReference> backing() {
    return shared(() ->
        Optional.ofNullable(area.backingName())
            .filter(name -> !name.isEmpty())
            .map(name -> new BackingReference(name, area.backingFormat())));
  }

  @Override
  public boolean writable() {
    return parts != null;
  }

  @Override
  public Storage storage() {
    return storage;
  }

  @Override
  public LayerExtent lookup(GuestOffset at, long maxLength) throws IOException {
    lock.readLock().lock();
    try {
      damage.requireAlive();
      return activeMap().extentWithin(size, at, maxLength);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public @Nullable LayerExtent peek(GuestOffset at, long maxLength) throws IOException {
    return reading(() -> activeMap().peek(at.bytes(), Math.min(maxLength, size - at.bytes())));
  }

  @Override
  public long readHeld(GuestOffset at, ByteBuffer dst) throws IOException {
    lock.readLock().lock();
    try {
      requireInside(at.bytes(), dst.remaining());
      damage.requireAlive();
      return reader.readHeld(activeMap(), at.bytes(), dst);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void write(GuestOffset at, ByteBuffer src, Below below) throws IOException {
    ActiveTree active = requireWritable();
    long position = at.bytes();
    lock.readLock().lock();
    try {
      requireInside(position, src.remaining());
      order().requireIntact();
      bitmaps.record(position, src.remaining());
      int written;
      do {
        written = src.hasRemaining() ? active.writer().writeInPlace(position, src) : 0;
        position += written;
      } while (written > 0);
    } finally {
      lock.readLock().unlock();
    }
    if (!src.hasRemaining()) {
      return;
    }
    lock.writeLock().lock();
    try {
      requireInside(position, src.remaining());
      bitmaps.record(position, src.remaining());
      parts().prepare();
      active.writer().write(position, src, below);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /// Writes one whole guest cluster in compressed form, given by an encoder that fits the image's
  /// compression type. What the cluster held before is given up.
  ///
  /// @param at cluster aligned
  /// @param packed the compressed bytes, `length` of them, fewer than a cluster has
  public void writeCompressed(GuestOffset at, byte[] packed, int length) throws IOException {
    ActiveTree active = requireWritable();
    int cluster = area.header().clusterSize();
    if (at.bytes() % cluster != 0 || length <= 0 || length >= cluster) {
      throw new IllegalArgumentException(
          "%s: %d compressed bytes at %s do not make a cluster of %d bytes"
              .formatted(name(), length, at, cluster));
    }
    lock.writeLock().lock();
    try {
      requireInside(at.bytes(), Math.min(cluster, size - Math.min(size, at.bytes())));
      order().requireIntact();
      bitmaps.record(at.bytes(), cluster);
      parts().prepare();
      active.compressed().write(at.bytes(), packed, length);
    } finally {
      lock.writeLock().unlock();
    }
  }

  @Override
  public int clusterSize() {
    return area.header().clusterSize();
  }

  @Override
  public int subclusterSize() {
    return area.header().geometry().subclusterSize();
  }

  @Override
  public @Nullable Storage mappedStorage() {
    return data.encrypted() ? null : data.external() ? data.dataFile() : storage;
  }

  @Override
  public boolean seemsPreallocated() throws IOException {
    return reading(() ->
        PreallocationGuess.isLikely(storage, HeaderFile.read(storage).header(), cache, damage));
  }

  /// An encoder for [#writeCompressed], for one thread; the caller closes it.
  public ClusterEncoder newEncoder() {
    Header header = area.header();
    return ClusterEncoder.of(header.compressionType(), header.clusterSize());
  }

  @Override
  public void zero(GuestOffset at, long length, ZeroMode mode, Below below) throws IOException {
    changeRange(
        at, length, tree -> tree.zeros().zero(at.bytes(), at.bytes() + length, size, mode, below));
  }

  @Override
  public void discard(GuestOffset at, long length, Below below) throws IOException {
    changeRange(
        at, length, tree -> tree.zeros().discard(at.bytes(), at.bytes() + length, size, below));
  }

  private interface Change {
    void on(ActiveTree tree) throws IOException;
  }

  private void changeRange(GuestOffset at, long length, Change change) throws IOException {
    ActiveTree active = requireWritable();
    lock.writeLock().lock();
    try {
      requireInside(at.bytes(), length);
      order().requireIntact();
      bitmaps.record(at.bytes(), length);
      parts().prepare();
      change.on(active);
    } finally {
      lock.writeLock().unlock();
    }
  }

  @Override
  public void flush() throws IOException {
    requireWritable();
    lock.readLock().lock();
    try {
      if (!order().hasChanges()) {
        order().flushData();
        return;
      }
    } finally {
      lock.readLock().unlock();
    }
    lock.writeLock().lock();
    try {
      order().flush();
    } finally {
      lock.writeLock().unlock();
    }
  }

  @Override
  public void resize(long newSize, Below below) throws IOException {
    resize(newSize, below, Preallocation.OFF);
  }

  @Override
  public void resize(long newSize, Below below, Preallocation ahead) throws IOException {
    ActiveTree active = requireWritable();
    lock.writeLock().lock();
    try {
      Resizer resizer = new Resizer(parts());
      resizer.requirePossible(newSize);
      if (newSize == size) {
        return;
      }
      bitmaps.requireResizable();
      if (newSize > size) {
        resizer.growTable(active, newSize);
      }
      bitmaps.beforeResize();
      try {
        if (newSize > size) {
          resizer.grow(active, size, newSize, below, ahead);
        } else {
          resizer.shrink(active, size, newSize);
        }
      } finally {
        size = parts().header().diskSize() & -512L;
        bitmaps.resized(size);
      }
      bitmaps.store();
    } finally {
      lock.writeLock().unlock();
    }
  }

  /// Gives every cluster of the disk that has none a place in the file.
  public void preallocate(Preallocation mode) throws IOException {
    exclusively(active -> {
      new Preallocator(parts(), active, mode).allocate(0, size);
      order().commit();
    });
  }

  /// Makes the layer hold nothing, so that its base shows through everywhere; durable on return.
  /// Its snapshots keep what they hold.
  public void empty() throws IOException {
    exclusively(active -> new Emptier(parts(), active).empty(size, !bitmaps.isEmpty()));
  }

  private void exclusively(Change change) throws IOException {
    ActiveTree active = requireWritable();
    lock.writeLock().lock();
    try {
      order().requireIntact();
      change.on(active);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /// What the header says now.
  public Qcow2Info info() throws IOException {
    return reading(() -> Qcow2Info.of(HeaderFile.read(storage).header(), size, backing()));
  }

  /// How guest data is encrypted; empty where it is not. Needs no passphrase.
  public Optional<Qcow2Encryption> encryption() throws IOException {
    return reading(() -> Qcow2Encryption.of(storage, area));
  }

  /// What Varve wrote into the header about this layer; empty for an image of another maker.
  public Optional<VarveIdentity> identity() throws IOException {
    return reading(() -> FormatErrors.identity(name(), area));
  }

  /// Writes Varve's header extension; durable on return.
  public void setIdentity(VarveIdentity identity) throws IOException {
    changeHeader(area -> area.withIdentity(identity));
  }

  /// Takes Varve's header extension away; durable on return.
  public void removeIdentity() throws IOException {
    changeHeader(area -> area.without(VarveIdentity.MAGIC));
  }

  /// Names another base in the header; durable on return. What the guest reads changes with it, so
  /// the caller answers for the content (an unsafe rebase).
  public void setBacking(@Nullable BackingReference backing) throws IOException {
    String base = backing == null ? null : backing.name();
    String format = backing == null ? null : backing.format();
    changeHeader(area -> area.withBacking(base, format));
  }

  /// Changes the base and Varve's extension in one step, so that a crash leaves both old or both
  /// new.
  public void setBackingAndIdentity(@Nullable BackingReference backing, VarveIdentity identity)
      throws IOException {
    String base = backing == null ? null : backing.name();
    String format = backing == null ? null : backing.format();
    changeHeader(area -> area.withBacking(base, format).withIdentity(identity));
  }

  private void changeHeader(UnaryOperator<HeaderArea> change) throws IOException {
    requireWritable();
    lock.writeLock().lock();
    try {
      order().commit();
      changeArea(change);
    } finally {
      lock.writeLock().unlock();
    }
  }

  private void changeArea(UnaryOperator<HeaderArea> change) throws IOException {
    area = HeaderFile.change(storage, change);
    parts().header().adoptFeatures(area.header());
  }

  /// The persistent dirty bitmaps of this image.
  public DirtyBitmaps bitmaps() {
    return new DirtyBitmaps(this, bitmaps);
  }

  /// The snapshots inside this image.
  public InternalSnapshots snapshots() {
    return new InternalSnapshots(this);
  }

  /// The saved state of a VM, behind the disk.
  public VmState vmState() {
    return new VmState(this);
  }

  /// Index and data of the active state, counted by walking the tables. A writable layer is flushed
  /// first.
  public LayerUsage usage() throws IOException {
    flushIfWritable();
    return reading(
        () -> UsageCounter.of(storage, HeaderFile.read(storage).header(), activeMap(), size));
  }

  /// Counts on disk are exact only when no drop waits for its flush.
  void flushIfWritable() throws IOException {
    if (writable()) {
      flush();
    }
  }

  /// Bytes of clusters freed by this layer since it was opened, and how many of them were punched.
  public FreedSpace freedSinceOpen() {
    return shared(() -> parts == null ? new FreedSpace(0, 0) : FreedSpace.of(parts.dropped()));
  }

  @Override
  public void close() throws IOException {
    lock.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      try (storage;
          data) {
        closeParts();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private void closeParts() throws IOException {
    if (parts == null || damage.dead()) {
      return;
    }
    try {
      bitmaps.store();
    } finally {
      parts.fresh().giveBack();
      parts.flushOrder().commit();
      if (!damage.dead()) {
        parts.flushOrder().commitCounts();
      }
    }
  }

  ReentrantReadWriteLock lock() {
    return lock;
  }

  ClusterReader reader() {
    return reader;
  }

  HeaderArea area() {
    return area;
  }

  @Nullable SnapshotStore store() {
    return store;
  }

  ImageParts parts() {
    return Objects.requireNonNull(parts);
  }

  ActiveTree tree() {
    return Objects.requireNonNull(tree);
  }

  long diskSize() {
    return size;
  }

  void refreshSize() {
    size = parts().header().diskSize() & -512L;
  }

  private FlushOrder order() {
    return parts().flushOrder();
  }

  ClusterMap activeMap() {
    return tree == null ? readOnlyMap : tree.map();
  }

  private void requireInside(long at, long length) {
    if (length < 0 || at > size || length > size - at) {
      throw new IllegalArgumentException(
          "%s: range of %d bytes at %#x is outside the disk of %d bytes"
              .formatted(name(), length, at, size));
    }
  }

  private ActiveTree requireWritable() throws ReadOnlyImageException {
    if (tree == null) {
      throw new ReadOnlyImageException(
          name() + ": the layer is open read-only; open it for writing to change it");
    }
    return tree;
  }

  /// Bounds the metadata in memory anew, bytes; see [Qcow2Options#cacheBytes()].
  public void boundCache(long bytes) {
    cache.bound(bytes);
  }

  private <T> T shared(Supplier<T> read) {
    lock.readLock().lock();
    try {
      return read.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  private interface Reading<T extends @Nullable Object> {
    T run() throws IOException;
  }

  private <T extends @Nullable Object> T reading(Reading<T> read) throws IOException {
    lock.readLock().lock();
    try {
      return read.run();
    } finally {
      lock.readLock().unlock();
    }
  }
}
