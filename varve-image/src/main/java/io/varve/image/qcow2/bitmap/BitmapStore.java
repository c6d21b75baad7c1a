// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.bitmap;

import io.varve.image.BitmapException;
import io.varve.image.ImageException;
import io.varve.image.qcow2.format.BitmapDirectoryEntry;
import io.varve.image.qcow2.format.BitmapsExtension;
import io.varve.image.qcow2.format.Bytes;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.qcow2.io.ImageParts;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The bitmaps of one open image, in memory and on disk (see the package).
///
/// **Threads.** Every method takes this object's monitor. [#record] and reading may be called under
/// the layer's shared lock, all else needs the exclusive one.
public final class BitmapStore {
  private final Storage storage;
  private final Geometry geometry;
  private final @Nullable ImageParts parts;
  private final HeaderChange headerChange;
  private List<KeptBitmap> bitmaps = new ArrayList<>();
  private long diskSize;
  private @Nullable BitmapsExtension extension;

  /// Bitmaps that the directory on disk has and the list has no longer.
  private final List<KeptBitmap> removed = new ArrayList<>();

  /// True while no change of the disk has to be looked at.
  private volatile boolean idle = true;

  /// Changes the first cluster of the image, durably.
  @FunctionalInterface
  public interface HeaderChange {
    void apply(UnaryOperator<HeaderArea> change) throws IOException;
  }

  /// What was loaded is to be stored again once.
  private boolean again;

  private BitmapStore(
      Storage storage,
      Geometry geometry,
      long diskSize,
      @Nullable ImageParts parts,
      HeaderChange headerChange) {
    this.storage = storage;
    this.geometry = geometry;
    this.diskSize = diskSize;
    this.parts = parts;
    this.headerChange = headerChange;
  }

  /// Loads what the image has.
  ///
  /// @param area its header, of which the autoclear bit says whether the bitmaps are current
  /// @param diskSize as the layer has it
  /// @param parts null for an image that is open read-only
  /// @throws Qcow2FormatException CORRUPT where the bitmaps break the format's rules
  public static BitmapStore load(
      Storage storage,
      HeaderArea area,
      long diskSize,
      @Nullable ImageParts parts,
      HeaderChange change)
      throws IOException {
    Geometry geometry = area.header().geometry();
    BitmapStore store = new BitmapStore(storage, geometry, diskSize, parts, change);
    BitmapsExtension extension = area.bitmaps().orElse(null);
    if (extension != null) {
      store.extension = extension;
      store.bitmaps = new BitmapLoader(storage, geometry, diskSize).load(extension);
      store.again = parts != null && parts.rules().qemuLayout();
      store.claimClusters();
      store.refreshIdle();
    }
    return store;
  }

  /// Directory and tables are the image's own: data must never be written there.
  private void claimClusters() {
    BitmapsExtension now = extension;
    if (parts == null || now == null) {
      return;
    }
    claim(now.directoryOffset(), now.directorySize());
    for (KeptBitmap bitmap : bitmaps) {
      BitmapDirectoryEntry entry = bitmap.entry;
      if (entry != null) {
        claim(entry.tableOffset(), (long) entry.tableEntries() * Long.BYTES);
      }
    }
  }

  private void claim(long offset, long length) {
    if (parts != null) {
      parts.metadata().add(geometry.hostCluster(offset), geometry.clustersFor(length));
    }
  }

  private void refreshIdle() {
    idle = bitmaps.stream().noneMatch(KeptBitmap::recording);
  }

  /// All bitmaps, in the order of the directory.
  public synchronized List<BitmapState> list() {
    List<BitmapState> states = new ArrayList<>();
    for (KeptBitmap bitmap : bitmaps) {
      states.add(
          new BitmapState(
              bitmap.name.asText(),
              1L << bitmap.granularityBits,
              bitmap.enabled,
              bitmap.marked,
              bitmap.inconsistent()));
    }
    return states;
  }

  public boolean isEmpty() {
    synchronized (this) {
      return bitmaps.isEmpty();
    }
  }

  /// Records that this range of the disk is about to change. On return the bits are set and the
  /// disk says, durably, that they are in use.
  public void record(long at, long length) throws IOException {
    if (idle || length <= 0) {
      return;
    }
    synchronized (this) {
      mark(false);
      for (KeptBitmap bitmap : bitmaps) {
        BitmapData data = bitmap.data;
        if (bitmap.enabled && data != null) {
          data.set(at, Math.min(at + length, diskSize));
        }
      }
    }
  }

  /// Flags on disk those bitmaps that are about to differ from it: 4 bytes each, that lie in one
  /// sector.
  private void mark(boolean all) throws IOException {
    BitmapsExtension now = extension;
    if (now == null) {
      return;
    }
    List<KeptBitmap> fresh = new ArrayList<>();
    for (KeptBitmap bitmap : bitmaps) {
      BitmapDirectoryEntry entry = bitmap.entry;
      if (!bitmap.marked && entry != null && (all || bitmap.recording())) {
        ByteBuffer flags = ByteBuffer.allocate(Integer.BYTES);
        flags.putInt(0, entry.flags() | BitmapDirectoryEntry.IN_USE);
        long at = now.directoryOffset() + bitmap.entryAt + BitmapDirectoryEntry.FLAGS_AT;
        storage.write(at, flags);
        fresh.add(bitmap);
      }
    }
    if (!fresh.isEmpty()) {
      requireParts().flushOrder().barrier();
      fresh.forEach(bitmap -> bitmap.marked = true);
    }
  }

  private ImageParts requireParts() {
    return java.util.Objects.requireNonNull(parts);
  }

  /// The first byte at or after `from` that is dirty, or clean, in this bitmap; -1 if there is
  /// none.
  public synchronized long next(String name, long from, boolean dirty) throws IOException {
    return requireData(find(name)).next(from, dirty);
  }

  private KeptBitmap find(String name) throws BitmapException {
    Bytes bytes = Bytes.utf8(name);
    for (KeptBitmap bitmap : bitmaps) {
      if (bitmap.name.equals(bytes)) {
        return bitmap;
      }
    }
    throw BitmapException.notFound(storage.name(), name);
  }

  private BitmapData requireData(KeptBitmap bitmap) throws BitmapException {
    BitmapData data = bitmap.data;
    if (data == null) {
      throw BitmapException.inconsistent(storage.name(), bitmap.name.asText());
    }
    return data;
  }

  /// Adds a bitmap without a bit.
  ///
  /// @param position its place in the list
  public synchronized void add(String name, int granularityBits, boolean enabled, int position)
      throws IOException {
    Bytes bytes = Bytes.utf8(name);
    if (bitmaps.stream().anyMatch(bitmap -> bitmap.name.equals(bytes))) {
      throw new BitmapException(storage.name(), "Bitmap already exists: " + name);
    }
    requireRoom(name, bytes, granularityBits);
    BitmapData data = BitmapData.empty(storage, geometry, granularityBits, diskSize);
    KeptBitmap bitmap = new KeptBitmap(bytes, granularityBits, enabled, data);
    bitmaps.add(Math.min(position, bitmaps.size()), bitmap);
    storeOrTakeBack(() -> bitmaps.remove(bitmap));
  }

  private void requireRoom(String name, Bytes bytes, int granularityBits) throws BitmapException {
    long directory = BitmapDirectoryEntry.lengthFor(bytes.length());
    for (KeptBitmap bitmap : bitmaps) {
      directory += BitmapDirectoryEntry.lengthFor(bitmap.name.length());
    }
    long pieces = BitmapData.piecesFor(diskSize, granularityBits, geometry);
    if (requireParts().version() < 3) {
      throw cannot(name, "Cannot store dirty bitmaps in qcow2 v2 files");
    }
    if (bytes.length() > Limits.MAX_BITMAP_NAME) {
      throw cannot(name, "Name length exceeds maximum (" + Limits.MAX_BITMAP_NAME + " characters)");
    }
    if (pieces > mostPieces()) {
      throw cannot(name, "Too much space will be occupied by the bitmap. Use larger granularity");
    }
    if (bitmaps.size() >= Limits.MAX_BITMAPS) {
      throw cannot(name, "Maximum number of persistent bitmaps is already reached");
    }
    if (directory > Limits.MAX_BITMAP_DIRECTORY_BYTES) {
      throw cannot(name, "Not enough space in the bitmap directory");
    }
    if (pieces == 0) {
      throw cannot(name, "The disk has no size");
    }
  }

  private BitmapException cannot(String name, String why) {
    return BitmapException.notPersistent(storage.name(), name, why);
  }

  /// Removes a bitmap, an inconsistent one too.
  public synchronized void remove(String name) throws IOException {
    KeptBitmap bitmap = find(name);
    int index = bitmaps.indexOf(bitmap);
    bitmaps.remove(index);
    removed.add(bitmap);
    storeOrTakeBack(() -> {
      bitmaps.add(index, bitmap);
      removed.remove(bitmap);
    });
  }

  /// Takes all bits out of a bitmap.
  public synchronized void clear(String name) throws IOException {
    KeptBitmap bitmap = find(name);
    BitmapData before = requireData(bitmap);
    bitmap.data = before.cleared();
    storeOrTakeBack(() -> bitmap.data = before);
  }

  /// Lets a bitmap record changes, or not.
  public synchronized void enable(String name, boolean enabled) throws IOException {
    KeptBitmap bitmap = find(name);
    requireData(bitmap);
    boolean before = bitmap.enabled;
    bitmap.enabled = enabled;
    storeOrTakeBack(() -> bitmap.enabled = before);
  }

  /// Adds to a bitmap what another one of this image has.
  public synchronized void merge(String name, String source) throws IOException {
    KeptBitmap from = find(source);
    BitmapData target = requireData(find(name));
    BitmapData bits = requireData(from);
    if (bits != target) {
      for (long at = bits.next(0, true); at >= 0; ) {
        long end = bits.next(at, false);
        target.set(at, end < 0 ? diskSize : end);
        at = end < 0 ? -1 : bits.next(end, true);
      }
      store();
    }
  }

  /// Refuses a bitmap that is missing.
  public synchronized void requirePresent(String name) throws BitmapException {
    find(name);
  }

  /// Refuses a bitmap that is missing or inconsistent.
  public synchronized void requireSound(String name) throws BitmapException {
    requireData(find(name));
  }

  /// Refuses to merge a bitmap for a disk of another size.
  public synchronized void requireSize(long sourceSize) throws BitmapException {
    if (sourceSize != diskSize) {
      throw new BitmapException(
          storage.name(),
          "Bitmaps are of different sizes (destination size is %d, source size is %d) and can't be merged"
              .formatted(diskSize, sourceSize));
    }
  }

  /// Sets the bits of a range; [#store] brings them to the disk.
  public synchronized void set(String name, long from, long to) throws IOException {
    requireData(find(name)).set(from, Math.min(to, diskSize));
  }

  private void storeOrTakeBack(Runnable takeBack) throws IOException {
    try {
      store();
    } catch (IOException e) {
      takeBack.run();
      refreshIdle();
      throw e;
    }
  }

  /// Refuses a change of the disk's size where a bitmap cannot follow it.
  public synchronized void requireResizable() throws BitmapException {
    for (KeptBitmap bitmap : bitmaps) {
      requireData(bitmap);
    }
  }

  /// To be called before the size on disk changes: a table on disk fits one size alone.
  public synchronized void beforeResize() throws IOException {
    mark(true);
  }

  /// To be called with the size that the header on disk now has; [#store] then brings tables that
  /// fit it.
  public synchronized void resized(long newSize) throws IOException {
    if (newSize == diskSize) {
      return;
    }
    diskSize = newSize;
    for (KeptBitmap bitmap : bitmaps) {
      BitmapData data = bitmap.data;
      long pieces = BitmapData.piecesFor(newSize, bitmap.granularityBits, geometry);
      bitmap.data = null;
      if (data != null && pieces > 0 && pieces <= mostPieces()) {
        data.resize(newSize);
        bitmap.data = data;
      }
    }
    refreshIdle();
  }

  private long mostPieces() {
    return BitmapDirectoryEntry.MAX_BITMAP_BYTES >>> geometry.clusterBits();
  }

  /// Brings all bitmaps to the disk as they are; durable on return. If it fails, they are on disk
  /// as they were before.
  public synchronized void store() throws IOException {
    refreshIdle();
    touchAsQemu();
    if (parts == null || removed.isEmpty() && bitmaps.stream().noneMatch(KeptBitmap::unsaved)) {
      return;
    }
    BitmapWriter writer = new BitmapWriter(parts);
    BitmapsExtension next;
    try {
      next = writer.write(bitmaps);
      parts.flushOrder().commitCounts();
    } catch (IOException | RuntimeException e) {
      writer.undo(e);
      throw e;
    }
    try {
      headerChange.apply(area -> area.withBitmaps(next));
    } catch (ImageException e) {
      writer.undo(e);
      throw e;
    } catch (IOException e) {
      // Whether the header names the old directory or the new one is unknown.
      parts.flushOrder().breakOff(e);
      throw e;
    }
    writer.finish(bitmaps, removed, extension);
    extension = next;
    removed.clear();
    parts.flushOrder().commit();
  }

  /// Whoever opens an image for writing with QEMU stores its bitmaps anew, changed or not.
  private void touchAsQemu() throws IOException {
    if (!again) {
      return;
    }
    again = false;
    for (KeptBitmap bitmap : bitmaps) {
      if (bitmap.data != null) {
        bitmap.data.touch();
      }
    }
  }
}
