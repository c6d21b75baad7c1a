// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A layer of the frozen part: open, or known well enough to be opened when it is first needed.
///
/// **Threads.** Any. Whoever holds the [Layer] of a slot may find it closed by [OpenLayers]: its
/// calls then throw [ClosedChannelException], and the caller asks the slot again.
final class LayerSlot {
  private final String name;
  private final LayerFormat format;
  private final long size;
  private final @Nullable Reopener opener;
  private final boolean mayChange;
  private final OpenLayers pool;
  private volatile @Nullable Layer open;
  private volatile @Nullable Storage data;
  private volatile boolean used = true;
  private boolean pinned;
  private boolean retired;

  private LayerSlot(
      String name,
      LayerFormat format,
      long size,
      @Nullable Reopener opener,
      OpenLayers pool,
      boolean mayChange) {
    this.name = name;
    this.format = format;
    this.size = size;
    this.opener = opener;
    this.pool = pool;
    this.mayChange = mayChange;
  }

  /// A layer that is open and stays so.
  static LayerSlot fixed(Layer layer, OpenLayers pool) {
    return open(layer, -1, null, pool, layer.writable());
  }

  /// As [#fixed], a layer that is open for writing, and that nobody changes any more.
  static LayerSlot frozen(Layer layer, OpenLayers pool) {
    return open(layer, -1, null, pool, false);
  }

  /// A layer that is open now and may be closed, and opened again.
  ///
  /// @param pinned it stays open until [#unpin()]
  static LayerSlot of(Layer layer, Reopener opener, OpenLayers pool, boolean pinned)
      throws IOException {
    LayerSlot slot = open(layer, layer.size(), opener, pool, false);
    synchronized (slot) {
      slot.pinned = pinned;
    }
    pool.opened(slot);
    return slot;
  }

  private static LayerSlot open(
      Layer layer, long size, @Nullable Reopener opener, OpenLayers pool, boolean mayChange) {
    LayerSlot slot = new LayerSlot(layer.name(), layer.format(), size, opener, pool, mayChange);
    slot.opened(layer);
    return slot;
  }

  /// A layer that nobody has opened yet.
  static LayerSlot unopened(
      String name, LayerFormat format, long size, Reopener opener, OpenLayers pool) {
    return new LayerSlot(name, format, size, opener, pool, false);
  }

  /// A slot for the file of this one, after its merge with a neighbour; the file is opened.
  ///
  /// @param upper the newer of the two, which may be this one
  LayerSlot renewed(LayerSlot upper) throws IOException {
    if (opener == null || upper.opener == null) {
      throw new IllegalArgumentException(name + ": the layer cannot be opened again");
    }
    return opener.renewed(upper.opener.namedBy(), pool);
  }

  /// True if this is the layer in the file at `path`.
  boolean isAt(Path path) {
    return path.toAbsolutePath().normalize().equals(Path.of(name).toAbsolutePath().normalize());
  }

  String name() {
    return name;
  }

  LayerFormat format() {
    return format;
  }

  /// Bytes of the disk that the layer describes.
  long size() {
    Layer layer = open;
    return size < 0 && layer != null ? layer.size() : size;
  }

  /// True if somebody may be changing the layer: what was learnt of it yesterday is of no use.
  boolean changing() {
    return mayChange;
  }

  /// The layer if it is open now, which a fixed one is until the chain is closed.
  Layer openLayer() {
    return Objects.requireNonNull(open);
  }

  private void opened(Layer layer) {
    data = layer.mappedStorage();
    open = layer;
  }

  /// Where the host offsets of plain data point; opened if need be. Null where the layer itself
  /// must be asked.
  @Nullable Storage data() throws IOException {
    Storage file = data;
    if (file == null) {
      return layer().mappedStorage();
    }
    if (!used) {
      used = true;
    }
    return file;
  }

  /// The layer, opened if need be.
  ///
  /// @throws ClosedChannelException if it has left the chain, or the chain is closed
  Layer layer() throws IOException {
    Layer layer = open;
    if (layer == null) {
      return openNow();
    }
    if (!used) {
      used = true;
    }
    return layer;
  }

  private Layer openNow() throws IOException {
    Layer layer;
    synchronized (this) {
      layer = open;
      if (layer != null) {
        return layer;
      }
      if (retired || opener == null) {
        throw new ClosedChannelException();
      }
      layer = opener.open();
      used = true;
      opened(layer);
    }
    pool.opened(this);
    return layer;
  }

  /// Bounds the metadata that the layer keeps in memory, if it is open.
  void boundCache(long bytes) {
    if (open instanceof Qcow2Layer layer && !layer.writable()) {
      layer.boundCache(bytes);
    }
  }

  /// The layer, which from now on stays open as long as the slot is in use.
  Layer pin() throws IOException {
    while (true) {
      Layer layer = layer();
      synchronized (this) {
        pinned |= open == layer;
        if (pinned) {
          return layer;
        }
      }
    }
  }

  /// From now on the layer may be closed again.
  synchronized void unpin() {
    pinned = false;
  }

  /// Says that those who merge changed the header: another base is named there now.
  synchronized void headerChanged() throws IOException {
    if (opener != null) {
      opener.headerChanged();
    }
  }

  /// True if the layer was asked for since this was asked last.
  boolean takeUsed() {
    boolean was = used;
    used = false;
    return was;
  }

  /// Closes the layer for now; waits for the reads in it. False if it is to stay open.
  synchronized boolean closeForNow() throws IOException {
    Layer layer = open;
    if (layer == null || pinned || opener == null) {
      return layer == null;
    }
    open = null;
    data = null;
    layer.close();
    return true;
  }

  /// Closes the layer for good; waits for the reads in it.
  void retire() throws IOException {
    Layer layer;
    synchronized (this) {
      layer = open;
      open = null;
      data = null;
      retired = true;
    }
    pool.closed(this);
    if (layer != null) {
      layer.close();
    }
  }
}
