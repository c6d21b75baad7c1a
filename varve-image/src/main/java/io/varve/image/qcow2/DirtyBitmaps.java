// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.BitmapException;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.qcow2.bitmap.BitmapState;
import io.varve.image.qcow2.bitmap.BitmapStore;
import io.varve.image.qcow2.format.BitmapDirectoryEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/// The persistent dirty bitmaps of one image: which parts of the disk changed since a bitmap was
/// added or cleared. A backup program copies those parts alone.
///
/// ```java
/// layer.bitmaps().add("since-monday", DirtyBitmaps.defaultGranularity(layer.clusterSize()), true);
/// // ... the guest writes ...
/// for (DirtyRange r = bitmaps.next("since-monday", 0); r != null; r = bitmaps.next(name, r.end())) {
///   copy(r.start(), r.length());
/// }
/// ```
///
/// Every method is safe to call from any thread. Changes need a layer that is open for writing,
/// take its exclusive lock and are durable on return, except that an enabled bitmap is *in use* on
/// disk from the next change of the disk until it is stored: by the next operation here, or when
/// the layer is closed.
public final class DirtyBitmaps {
  private static final int CHUNK = 4096;

  private final Qcow2Layer layer;
  private final BitmapStore store;

  /// A stretch of the disk that a bitmap says was changed.
  ///
  /// @param start guest offset in bytes
  /// @param length bytes, above zero
  public record DirtyRange(long start, long length) {
    public long end() {
      return start + length;
    }
  }

  DirtyBitmaps(Qcow2Layer layer, BitmapStore store) {
    this.layer = layer;
    this.store = store;
  }

  /// The granularity that QEMU takes where none is stated: a cluster, within 4 and 64 KiB.
  public static long defaultGranularity(int clusterSize) {
    return Math.clamp(clusterSize, 4096, 65536);
  }

  /// All bitmaps, in the order of the image.
  public List<BitmapState> list() {
    return store.list();
  }

  /// True if the image can have bitmaps at all: version 2 cannot.
  public boolean supported() {
    return layer.area().header().version() >= 3;
  }

  /// Bytes that an image with this cluster size needs for all these bitmaps, all of their bits
  /// stored.
  public long sizeIn(int clusterSize) {
    long directory = 0;
    long bytes = 0;
    for (BitmapState bitmap : store.list()) {
      long bits = Math.ceilDiv(layer.size(), bitmap.granularity());
      long clusters = Math.ceilDiv(Math.ceilDiv(bits, Byte.SIZE), (long) clusterSize);
      bytes += clusters * clusterSize + whole(clusters * Long.BYTES, clusterSize);
      int name = bitmap.name().getBytes(StandardCharsets.UTF_8).length;
      directory += BitmapDirectoryEntry.lengthFor(name);
    }
    return bytes + whole(directory, clusterSize);
  }

  private static long whole(long bytes, int clusterSize) {
    return Math.ceilDiv(bytes, (long) clusterSize) * clusterSize;
  }

  /// The first dirty range that begins or goes on at `from`, or null if none follows.
  ///
  /// @throws BitmapException if there is no such bitmap, or it is inconsistent
  public @Nullable DirtyRange next(String name, long from) throws IOException {
    Lock lock = layer.lock().readLock();
    lock.lock();
    try {
      long start = store.next(name, from, true);
      if (start < 0) {
        return null;
      }
      long end = store.next(name, start, false);
      return new DirtyRange(start, (end < 0 ? layer.size() : end) - start);
    } finally {
      lock.unlock();
    }
  }

  /// Adds a bitmap without a bit.
  ///
  /// @param granularity bytes for each bit, a power of two from 512 to 2 GiB
  /// @param enabled let it record changes from now on
  /// @throws BitmapException if the name is taken, or a limit of the format or of QEMU stands
  ///   against it
  public void add(String name, long granularity, boolean enabled) throws IOException {
    add(name, granularity, enabled, Integer.MAX_VALUE);
  }

  /// As [#add(String, long, boolean)], at a place of the list.
  ///
  /// @param position how many bitmaps come before it, if there are as many
  public void add(String name, long granularity, boolean enabled, int position) throws IOException {
    if (name.isEmpty()) {
      throw new BitmapException(layer.name(), "Bitmap name cannot be empty");
    }
    int bits = Long.numberOfTrailingZeros(granularity);
    if (Long.bitCount(granularity) != 1
        || bits < BitmapDirectoryEntry.MIN_GRANULARITY_BITS
        || bits > BitmapDirectoryEntry.MAX_GRANULARITY_BITS) {
      throw new BitmapException(layer.name(), "Granularity must be power of 2 and at least 512");
    }
    change(() -> store.add(name, bits, enabled, position));
  }

  /// Removes a bitmap, an inconsistent one too.
  public void remove(String name) throws IOException {
    change(() -> store.remove(name));
  }

  /// Forgets all that a bitmap has recorded.
  public void clear(String name) throws IOException {
    change(() -> store.clear(name));
  }

  /// Lets a bitmap record changes.
  public void enable(String name) throws IOException {
    change(() -> store.enable(name, true));
  }

  /// Lets a bitmap stay as it is.
  public void disable(String name) throws IOException {
    change(() -> store.enable(name, false));
  }

  /// Refuses a bitmap that is missing.
  public void requirePresent(String name) throws BitmapException {
    store.requirePresent(name);
  }

  /// Adds to `target` what `source`, of the same image, says was changed.
  public void merge(String target, String source) throws IOException {
    change(() -> store.merge(target, source));
  }

  /// Adds to `target` what a bitmap of another image says was changed. The granularities may
  /// differ, the sizes of the disks may not.
  public void merge(String target, DirtyBitmaps from, String source) throws IOException {
    if (from.layer == layer) {
      merge(target, source);
      return;
    }
    from.requirePresent(source);
    change(() -> store.requireSound(target));
    List<DirtyRange> ranges = from.ranges(source, 0);
    change(() -> store.requireSize(from.layer.size()));
    while (!ranges.isEmpty()) {
      List<DirtyRange> part = ranges;
      change(() -> {
        for (DirtyRange range : part) {
          store.set(target, range.start(), range.end());
        }
      });
      ranges = from.ranges(source, part.getLast().end());
    }
    change(store::store);
  }

  private List<DirtyRange> ranges(String name, long from) throws IOException {
    List<DirtyRange> ranges = new ArrayList<>();
    DirtyRange range = next(name, from);
    while (range != null && ranges.size() < CHUNK) {
      ranges.add(range);
      range = next(name, range.end());
    }
    return ranges;
  }

  private interface Change {
    void run() throws IOException;
  }

  private void change(Change change) throws IOException {
    if (!layer.writable()) {
      throw new ReadOnlyImageException(
          layer.name() + ": the layer is open read-only; open it for writing to change bitmaps");
    }
    layer.lock().writeLock().lock();
    try {
      change.run();
    } finally {
      layer.lock().writeLock().unlock();
    }
  }
}
