// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.chain.map.MapEntry;
import io.varve.image.chain.map.PageSource;
import io.varve.image.chain.map.Stretch;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The layers beneath the active one, read as one through the map: a read is one look at a page and
/// one read of the file that holds the data, however many layers there are. Where the map is of no
/// use (few layers, layers that somebody may be changing) they are asked one by one.
///
/// **Threads.** Any. Reads take no lock but to make a page. Changes of the path take this object's.
final class FrozenLayers implements Below {
  /// How often a read begins anew because its layer was closed under it.
  static final int TRIES = 8;

  private static final int DEFAULT_UNIT_BITS = 16;

  /// What layers keep of their own indexes together is this part of the map's bound.
  private static final int LAYERS_SHARE = 4;

  private static final int LEAST_UNIT_BITS = 12;
  private static final int MOST_UNIT_BITS = 21;

  private final PathMap map;
  private final OpenLayers pool;
  private volatile FrozenPath path;

  FrozenLayers(FrozenPath path, PathMap map, OpenLayers pool) {
    this.path = path;
    this.map = map;
    this.pool = pool;
  }

  /// @param top the active layer, of which a map for layers to come takes its unit
  /// @param unitBits of the map that `pages` come from, or 0
  static FrozenLayers of(
      LayerSlot[] newestFirst,
      Layer top,
      int unitBits,
      PageSource pages,
      OpenLayers pool,
      ChainOptions options)
      throws IOException {
    int bits = unitBits;
    if (bits == 0) {
      Layer model = newestFirst.length == 0 ? top : newestFirst[0].layer();
      bits = unitBitsFor(model);
    }
    PathMap map = new PathMap(bits, options.mapFrom(), options.mapBytes(), pages);
    return new FrozenLayers(FrozenPath.of(newestFirst), map, pool);
  }

  /// Layers that are open already and stay so.
  static FrozenLayers ofOpen(
      LayerSlot[] newestFirst, Layer top, OpenLayers pool, ChainOptions options) {
    Layer model = newestFirst.length == 0 ? top : newestFirst[0].openLayer();
    PathMap map =
        new PathMap(unitBitsFor(model), options.mapFrom(), options.mapBytes(), PageSource.NONE);
    return new FrozenLayers(FrozenPath.of(newestFirst), map, pool);
  }

  private static int unitBitsFor(Layer model) {
    int cluster = model.clusterSize();
    return cluster <= 512 || Integer.bitCount(cluster) != 1
        ? DEFAULT_UNIT_BITS
        : Math.clamp(Integer.numberOfTrailingZeros(cluster), LEAST_UNIT_BITS, MOST_UNIT_BITS);
  }

  FrozenPath path() {
    return path;
  }

  OpenLayers pool() {
    return pool;
  }

  /// What each layer may keep of its index where the map is used, bytes.
  long layerCacheBytes() {
    return map.serves(path) ? map.bound() / LAYERS_SHARE / path.length() : Long.MAX_VALUE;
  }

  PathMap map() {
    return map;
  }

  /// The layers from a place on down, as a disk of their own.
  FrozenLayers from(int place) {
    FrozenPath now = path;
    return new FrozenLayers(now.from(Math.min(place, now.length())), map.alone(), pool);
  }

  /// Takes the active layer in, which is not written to: one look at the map then answers for it
  /// too. It is at depth 0 from now on.
  void addActive(LayerSlot active) {
    path = path.with(active).at(0);
  }

  /// The layer that was the active one lies beneath another now.
  synchronized void sink() {
    path = path.at(1);
  }

  /// True if reads go through the map.
  boolean mapped() {
    return map.serves(path);
  }

  /// These layers with another on top, as a disk of their own.
  FrozenLayers under(LayerSlot newest) {
    return new FrozenLayers(path.with(newest), map.alone(), pool);
  }

  /// A layer freezes on top of the others.
  synchronized void add(LayerSlot newest) {
    path = path.with(newest);
  }

  /// The newest layer is gone: the active one holds what it held.
  void removeNewest(Path gone) throws IOException {
    LayerSlot slot;
    synchronized (this) {
      FrozenPath now = path;
      if (now.length() == 0 || !now.slot(0).isAt(gone)) {
        throw noNeighbours(gone);
      }
      slot = now.slot(0);
      path = now.withoutNewest();
    }
    slot.retire();
  }

  /// Two neighbours have become one.
  ///
  /// @return the slot of the file that is left
  LayerSlot merge(Path gone, Path into) throws IOException {
    LayerSlot merged;
    LayerSlot upper;
    LayerSlot lower;
    synchronized (this) {
      FrozenPath now = path;
      int place = 0;
      while (place + 1 < now.length() && !pair(now, place, gone, into)) {
        place++;
      }
      if (place + 1 >= now.length()) {
        throw noNeighbours(gone);
      }
      upper = now.slot(place);
      lower = now.slot(place + 1);
      LayerSlot left = upper.isAt(into) ? upper : lower;
      merged = left.renewed(upper);
      path = now.merged(place, merged);
      if (place > 0) {
        now.slot(place - 1).headerChanged();
      }
    }
    try {
      upper.retire();
    } finally {
      lower.retire();
    }
    return merged;
  }

  private static boolean pair(FrozenPath path, int place, Path gone, Path into) {
    LayerSlot upper = path.slot(place);
    LayerSlot lower = path.slot(place + 1);
    return upper.isAt(gone) ? lower.isAt(into) : upper.isAt(into) && lower.isAt(gone);
  }

  private static IllegalArgumentException noNeighbours(Path gone) {
    return new IllegalArgumentException(
        gone + ": no layer of this chain that lies beside the other");
  }

  @Override
  public boolean isNothing() {
    return path.length() == 0;
  }

  @Override
  public boolean reachesBehind(long size) {
    FrozenPath now = path;
    return now.length() > 0 && now.slot(0).size() > size;
  }

  @Override
  public void read(GuestOffset at, ByteBuffer dst) throws IOException {
    long position = at.bytes();
    while (dst.hasRemaining()) {
      position += readSome(position, dst);
    }
  }

  /// Puts bytes into `dst` and returns how many; none if the path has changed meanwhile.
  private int readSome(long position, ByteBuffer dst) throws IOException {
    int start = dst.position();
    int limit = dst.limit();
    FrozenPath now = path;
    try {
      return readSome(now, position, dst);
    } catch (ClosedChannelException | LayerChangedException e) {
      return again(
          now,
          e,
          path -> {
            dst.limit(limit).position(start);
            return readSome(path, position, dst);
          });
    }
  }

  private int readSome(FrozenPath now, long position, ByteBuffer dst) throws IOException {
    if (!map.serves(now)) {
      return now.stack().read(0, position, dst);
    }
    Stretch stretch = map.at(now, position, position + dst.remaining());
    if (stretch == null) {
      return 0;
    }
    int length = (int) (stretch.end() - position);
    long entry = stretch.entry();
    int kind = MapEntry.kind(entry);
    if (kind == MapEntry.NONE || kind == MapEntry.ZERO || kind == MapEntry.ZERO_ALLOCATED) {
      return LayerStack.zeros(dst, length);
    }
    int place = now.place(MapEntry.slot(entry));
    int limit = dst.limit();
    dst.limit(dst.position() + length);
    try {
      Storage file = kind == MapEntry.DATA ? now.slot(place).data() : null;
      if (file == null) {
        return now.stack().read(place, position, dst);
      }
      file.read(MapEntry.host(entry), dst);
      return length;
    } finally {
      dst.limit(limit);
    }
  }

  private interface Attempt<T extends @Nullable Object> {
    T on(FrozenPath path) throws IOException;
  }

  /// Does again what failed because a layer was closed under it: to make room for another, or
  /// because it has left the chain.
  private <T extends @Nullable Object> T again(
      FrozenPath failed, IOException why, Attempt<T> attempt) throws IOException {
    FrozenPath last = failed;
    IOException failure = why;
    pool.hold();
    try {
      // Each layer may have been changed once, by those who merge or retire it.
      for (int i = 0; i < TRIES + failed.length(); i++) {
        if (failure instanceof LayerChangedException) {
          forget(last);
        }
        last = path;
        try {
          return attempt.on(last);
        } catch (ClosedChannelException | LayerChangedException e) {
          failure = e;
        }
      }
    } finally {
      pool.release();
    }
    throw failure;
  }

  private synchronized void forget(FrozenPath failed) {
    if (path == failed) {
      path = failed.forgotten();
    }
  }

  @Override
  public boolean readsAsZero(GuestOffset at, long length) throws IOException {
    return isZero(at.bytes(), at.bytes() + length, true);
  }

  @Override
  public boolean knownAsZero(GuestOffset at, long length) throws IOException {
    return isZero(at.bytes(), at.bytes() + length, false);
  }

  private boolean isZero(long start, long end, boolean holesCount) throws IOException {
    long position = start;
    while (position < end) {
      Stretch stretch = stretchOrNull(position, end);
      int kind = stretch == null ? MapEntry.ASK : MapEntry.kind(stretch.entry());
      switch (kind) {
        case MapEntry.NONE, MapEntry.ZERO, MapEntry.ZERO_ALLOCATED -> {}
        case MapEntry.DATA, MapEntry.COMPRESSED -> {
          return false;
        }
        default -> {
          ChainExtent extent = where(position, end - position);
          if (!isZero(extent, holesCount)) {
            return false;
          }
          position = extent.end();
          continue;
        }
      }
      position = stretch == null ? position : stretch.end();
    }
    return true;
  }

  static boolean isZero(ChainExtent extent, boolean holesCount) {
    Layer layer = extent.layer();
    boolean hole =
        layer != null && layer.format() == LayerFormat.RAW && extent.start() < layer.size();
    return extent.readsAsZero() && (holesCount || !hole);
  }

  /// What the map says, null where the layers have to be asked.
  private @Nullable Stretch stretchOrNull(long position, long end) throws IOException {
    FrozenPath now = path;
    try {
      return map.serves(now) ? map.at(now, position, end) : null;
    } catch (ClosedChannelException | LayerChangedException e) {
      return null;
    }
  }

  /// Who answers for the beginning of the range.
  ChainExtent where(long position, long maxLength) throws IOException {
    while (true) {
      FrozenPath now = path;
      ChainExtent extent;
      try {
        extent = where(now, position, maxLength);
      } catch (ClosedChannelException | LayerChangedException e) {
        extent = again(now, e, path -> where(path, position, maxLength));
      }
      if (extent != null) {
        return extent;
      }
    }
  }

  private @Nullable ChainExtent where(FrozenPath now, long position, long maxLength)
      throws IOException {
    if (!map.serves(now)) {
      return now.stack().where(0, position, maxLength);
    }
    Stretch stretch = map.at(now, position, position + maxLength);
    if (stretch == null) {
      return null;
    }
    long entry = stretch.entry();
    long length = stretch.end() - position;
    ExtentKind kind = kindOf(entry);
    if (kind == ExtentKind.NONE) {
      return new ChainExtent(position, length, kind, now.firstDepth() + now.length(), null, -1);
    }
    int place = now.place(MapEntry.slot(entry));
    if (kind == null) {
      return now.stack().where(place, position, length);
    }
    long host = MapEntry.hasHost(entry) ? MapEntry.host(entry) : -1;
    return new ChainExtent(
        position, length, kind, now.firstDepth() + place, now.slot(place).layer(), host);
  }

  /// Null where the layer must be asked.
  private static @Nullable ExtentKind kindOf(long entry) {
    return switch (MapEntry.kind(entry)) {
      case MapEntry.NONE -> ExtentKind.NONE;
      case MapEntry.DATA -> ExtentKind.DATA;
      case MapEntry.ZERO -> ExtentKind.ZERO;
      case MapEntry.ZERO_ALLOCATED -> ExtentKind.ZERO_ALLOCATED;
      default -> null;
    };
  }
}
