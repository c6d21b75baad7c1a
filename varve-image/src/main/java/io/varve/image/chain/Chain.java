// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.BackingChainException;
import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.Preallocation;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.WritableLayer;
import io.varve.image.WritableLayer.ZeroMode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/// A disk as a guest sees it: an active layer over its bases. Only the chain reads through layers;
/// a layer does not know what lies beneath it.
///
/// ```java
/// try (Chain disk = Chain.open(path, LayerFormat.QCOW2, ChainOptions.readWrite(gate))) {
///   disk.write(GuestOffset.of(4096), bytes);
///   disk.flush();
/// }
/// ```
///
/// The layers beneath the active one are frozen: nobody changes them while they are in a chain.
/// They are read through one map ([io.varve.image.chain.map]), so that a read costs the same at any
/// depth; [ChainOptions] bounds its memory and the number of files that are open at a time.
///
/// **Threads.** Any thread, at the same time. A read sees every write that returned before it
/// began. Ranges that are written at the same time end as a mix of both, sector by sector.
///
/// **Durability.** As [WritableLayer] says: durable after the next [#flush()]. Closing flushes.
public final class Chain implements Closeable {
  /// Changes of the active layer share it; whoever puts another layer on top has it alone. Taken
  /// before the lock of any layer.
  private final ReentrantReadWriteLock gate = new ReentrantReadWriteLock();

  private final FrozenLayers frozen;
  private final @Nullable LayerOpening opening;

  /// The active layer is not written to, and is one of those that are read through the map.
  private volatile boolean whole;

  private volatile Layer top;
  private volatile @Nullable Path topPath;

  private Chain(
      Layer top, @Nullable Path topPath, @Nullable LayerOpening opening, FrozenLayers frozen) {
    this.top = top;
    this.topPath = topPath;
    this.opening = opening;
    this.frozen = frozen;
  }

  /// Opens an image with all its bases.
  ///
  /// **Locks.** QEMU's image locks are held on the active layer, and on every base that is open. A
  /// chain no longer than [ChainOptions#openLayers()] that was walked holds them all, as QEMU does.
  /// A base that is opened late, because a side file knew the chain or because it was closed to
  /// make room, is compared with what the map was made from; a map that does not fit is made anew,
  /// and a file that is not the layer any more is an error. Who relies on fewer locks keeps foreign
  /// writers away by other means: in a pool, frozen files are read-only and merges lock the family.
  ///
  /// @param top the active layer
  /// @param format its format, as the caller knows it; the file is never probed
  /// @throws io.varve.image.BackingChainException if a base is missing, refused by the gate, names
  ///   no format, is of another format, or the chain loops or is too deep
  /// @throws io.varve.image.ImageInUseException if another process holds a file of the chain
  public static Chain open(Path top, LayerFormat format, ChainOptions options) throws IOException {
    ChainOpener.Opened opened = ChainOpener.open(top, format, options);
    Chain chain = new Chain(opened.top(), opened.path(), opened.opening(), opened.frozen());
    if (!opened.top().writable() && opened.frozen().mapped()) {
      chain.mapActive(opened.opening().active(opened.top(), top, opened.frozen().pool()));
    }
    return chain;
  }

  /// A chain of layers that are open already; closing the chain closes them. Those beneath the
  /// first are not to be changed by anybody else from now on, unless they are open for writing:
  /// such a chain goes without a map.
  ///
  /// @param topFirst at least one layer, the active one first
  public static Chain of(List<Layer> topFirst) {
    return of(topFirst, ChainOptions.readOnly(OpenGate.closed()));
  }

  static Chain of(List<Layer> topFirst, ChainOptions options) {
    if (topFirst.isEmpty()) {
      throw new IllegalArgumentException("a chain has at least one layer");
    }
    OpenLayers pool = new OpenLayers(Integer.MAX_VALUE);
    LayerSlot[] slots = new LayerSlot[topFirst.size() - 1];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = LayerSlot.fixed(topFirst.get(i + 1), pool);
    }
    Layer top = topFirst.getFirst();
    FrozenLayers frozen = FrozenLayers.ofOpen(slots, top, pool, options);
    Chain chain = new Chain(top, null, null, frozen);
    if (!top.writable() && frozen.mapped()) {
      chain.mapActive(LayerSlot.fixed(top, pool));
    }
    return chain;
  }

  private void mapActive(LayerSlot active) {
    frozen.addActive(active);
    whole = true;
  }

  /// The layers, the active one first. Opens every one of them, and keeps it open as long as it is
  /// part of the chain: whoever reads or asks for a range needs [#read] and [#where] alone.
  public List<Layer> layers() throws IOException {
    return layers(Integer.MAX_VALUE);
  }

  /// As [#layers()], but at most so many of them, the newest; opens no other.
  public List<Layer> layers(int most) throws IOException {
    List<Layer> layers = new ArrayList<>();
    if (!whole && most > 0) {
      layers.add(top);
    }
    for (LayerSlot slot : frozen.path().slots()) {
      if (layers.size() >= most) {
        break;
      }
      layers.add(slot.pin());
    }
    return layers;
  }

  /// Number of layers, the active one included. Opens none.
  public int depth() {
    FrozenPath path = frozen.path();
    return path.firstDepth() + path.length();
  }

  /// The active layer.
  public Layer top() {
    return top;
  }

  /// What lies beneath the active layer.
  public Below below() {
    return whole ? frozen.from(1) : frozen;
  }

  /// The layers from a depth on down, the whole chain for 0.
  FrozenLayers from(int depth) {
    if (whole) {
      return depth == 0 ? frozen : frozen.from(depth);
    }
    return switch (depth) {
      case 0 -> frozen.under(LayerSlot.fixed(top, frozen.pool()));
      case 1 -> frozen;
      default -> frozen.from(depth - 1);
    };
  }

  /// Size of the disk, bytes.
  public long size() {
    return top.size();
  }

  public boolean writable() {
    return top().writable();
  }

  /// Fills `dst`; the range must lie inside the disk.
  public void read(GuestOffset at, ByteBuffer dst) throws IOException {
    requireInside(at, dst.remaining());
    if (whole) {
      frozen.read(at, dst);
      return;
    }
    long position = at.bytes();
    while (dst.hasRemaining()) {
      position += readSome(position, dst);
    }
  }

  /// Puts bytes into `dst` and returns how many; none if the active layer has changed meanwhile.
  private int readSome(long position, ByteBuffer dst) throws IOException {
    Layer active = top;
    long size = active.size();
    if (position >= size) {
      return LayerStack.zeros(dst, dst.remaining());
    }
    int limit = dst.limit();
    int start = dst.position();
    dst.limit((int) Math.min(limit, start + size - position));
    try {
      long held = active.readHeld(GuestOffset.of(position), dst);
      if (held < 0) {
        dst.limit(start - (int) held);
        frozen.read(GuestOffset.of(position), dst);
      }
      return dst.position() - start;
    } catch (ClosedChannelException e) {
      if (active == top) {
        throw e;
      }
      dst.position(start);
      return 0;
    } finally {
      dst.limit(limit);
    }
  }

  /// Writes all of `src`; the range must lie inside the disk.
  public void write(GuestOffset at, ByteBuffer src) throws IOException {
    requireInside(at, src.remaining());
    gate.readLock().lock();
    try {
      active().write(at, src, frozen);
    } finally {
      gate.readLock().unlock();
    }
  }

  /// Makes the range read as zero.
  public void zero(GuestOffset at, long length, ZeroMode mode) throws IOException {
    requireInside(at, length);
    gate.readLock().lock();
    try {
      active().zero(at, length, mode, frozen);
    } finally {
      gate.readLock().unlock();
    }
  }

  /// Says that the guest no longer needs the range; see [WritableLayer#discard].
  public void discard(GuestOffset at, long length) throws IOException {
    requireInside(at, length);
    gate.readLock().lock();
    try {
      active().discard(at, length, frozen);
    } finally {
      gate.readLock().unlock();
    }
  }

  /// Makes all changes durable that returned before this call.
  public void flush() throws IOException {
    gate.readLock().lock();
    try {
      active().flush();
    } finally {
      gate.readLock().unlock();
    }
  }

  /// Sets the size of the disk, a multiple of 512 bytes; growth reads as zero. The bases keep
  /// theirs.
  public void resize(long newSize) throws IOException {
    resize(newSize, Preallocation.OFF);
  }

  /// As [#resize(long)], and sets something aside for the data to come in what the disk grows by.
  public void resize(long newSize, Preallocation ahead) throws IOException {
    gate.readLock().lock();
    try {
      active().resize(newSize, frozen, ahead);
    } finally {
      gate.readLock().unlock();
    }
  }

  /// Who answers for the beginning of the range, and where it lies.
  ///
  /// The layer in the answer may be closed again to make room for others, if the chain has more of
  /// them than [ChainOptions#openLayers()]: ask it for its name, not for data.
  ///
  /// @param maxLength bytes, above zero; the answer may cover less
  public ChainExtent where(GuestOffset at, long maxLength) throws IOException {
    if (maxLength <= 0) {
      throw new IllegalArgumentException("a range has at least one byte");
    }
    requireInside(at, 1);
    while (true) {
      if (whole) {
        return frozen.where(at.bytes(), Math.min(maxLength, size() - at.bytes()));
      }
      Layer active = top;
      ChainExtent extent = where(active, at.bytes(), Math.min(maxLength, size() - at.bytes()));
      if (active == top) {
        return extent;
      }
    }
  }

  private ChainExtent where(Layer active, long position, long maxLength) throws IOException {
    if (position >= active.size()) {
      return new ChainExtent(position, maxLength, ExtentKind.ZERO, 0, active, -1);
    }
    LayerExtent own =
        active.lookup(GuestOffset.of(position), Math.min(maxLength, active.size() - position));
    return own.kind() == ExtentKind.NONE
        ? frozen.where(position, own.length())
        : LayerStack.held(own, 0, active);
  }

  /// True if the range reads as zero by the indexes alone.
  public boolean readsAsZero(GuestOffset at, long length) throws IOException {
    requireInside(at, length);
    if (whole) {
      return frozen.readsAsZero(at, length);
    }
    long end = at.bytes() + length;
    for (long position = at.bytes(); position < end; ) {
      LayerExtent own = top.lookup(GuestOffset.of(position), end - position);
      boolean zero =
          own.kind() == ExtentKind.NONE
              ? frozen.readsAsZero(GuestOffset.of(position), own.length())
              : own.kind().readsAsZeroHere();
      if (!zero) {
        return false;
      }
      position = own.end();
    }
    return true;
  }

  /// Freezes the active layer and goes on with an empty overlay of it, which is on disk already:
  /// changes wait, the old layer is flushed, one reference is swapped. Nothing of the map is made
  /// anew. Reads go on meanwhile. The old layer is closed as a writer and opened again as a reader
  /// when it is next needed.
  ///
  /// @param overlay a qcow2 file whose header names the present active file as its base
  /// @throws BackingChainException if it names another, or this chain was made of open layers
  public void addOverlay(Path overlay) throws IOException {
    LayerOpening files = opening;
    Path old = topPath;
    if (files == null || old == null) {
      throw new BackingChainException(
          top.name() + ": the chain was made of open layers: give it an open overlay");
    }
    Layer next = files.openOverlay(overlay, old);
    LayerSlot slot;
    try {
      gate.writeLock().lock();
      try {
        slot = freezeTop(next, layer -> files.frozen(layer, old, overlay, frozen.pool()));
        topPath = overlay;
      } finally {
        gate.writeLock().unlock();
      }
    } catch (IOException | RuntimeException e) {
      if (top != next) {
        next.close();
      }
      throw e;
    }
    slot.unpin();
    slot.closeForNow();
    slot.layer();
  }

  /// As [#addOverlay(Path)], for a chain of open layers. The old layer stays open as it is; nobody
  /// may change it any more.
  public void addOverlay(Layer overlay) throws IOException {
    gate.writeLock().lock();
    try {
      freezeTop(overlay, layer -> LayerSlot.frozen(layer, frozen.pool()));
    } finally {
      gate.writeLock().unlock();
    }
  }

  private interface Freezing {
    LayerSlot slot(Layer layer) throws IOException;
  }

  private LayerSlot freezeTop(Layer next, Freezing freezing) throws IOException {
    Layer old = top;
    if (old.writable() && old instanceof WritableLayer layer) {
      layer.flush();
    }
    LayerSlot slot;
    if (whole) {
      slot = frozen.path().slot(0);
      frozen.sink();
    } else {
      slot = freezing.slot(old);
      frozen.add(slot);
    }
    top = next;
    whole = false;
    return slot;
  }

  /// Says that the frozen layer `gone` has been merged into its neighbour `into`, in either
  /// direction: what it held lies in the other file now, and the disk reads the same. What the map
  /// knows of the two is asked anew, page by page, when it is next used; the rest stays.
  ///
  /// Both files are closed when this returns, so that the one can go; reads that were under way
  /// have ended or begin anew. `into` may be the active layer.
  ///
  /// @throws IllegalArgumentException if they are not neighbours in this chain
  public void layerReplaced(Path gone, Path into) throws IOException {
    Path active = topPath;
    boolean intoActive = active != null && into.equals(active);
    if (intoActive && !whole) {
      frozen.removeNewest(gone);
      return;
    }
    LayerSlot merged = frozen.merge(gone, into);
    if (intoActive) {
      top = merged.pin();
    }
  }

  private WritableLayer active() throws ReadOnlyImageException {
    if (top() instanceof WritableLayer layer && layer.writable()) {
      return layer;
    }
    throw new ReadOnlyImageException(top().name() + ": the disk is open read-only");
  }

  private void requireInside(GuestOffset at, long length) {
    if (length < 0 || at.bytes() > size() || length > size() - at.bytes()) {
      throw new IllegalArgumentException(
          "%s: range of %d bytes at %#x is outside the disk of %d bytes"
              .formatted(top().name(), length, at.bytes(), size()));
    }
  }

  /// Flushes the active layer and closes every file. All are closed even if one fails.
  @Override
  public void close() throws IOException {
    ChainOpener.close(top, List.of(frozen.path().slots()), frozen.map().source());
  }
}
