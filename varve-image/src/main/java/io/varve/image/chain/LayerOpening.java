// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.BackingChainException;
import io.varve.image.BackingReference;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.WrongFormatException;
import io.varve.image.foreign.ForeignFormats;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.raw.RawLayer;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileKey;
import io.varve.image.storage.FileState;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Opens the files of one chain, each as the options say.
///
/// **Threads.** Any: layers of the frozen part are opened by whoever needs them first.
final class LayerOpening {
  private final ChainOptions options;
  private final Map<FileKey, Owned> files = new ConcurrentHashMap<>();
  private volatile long frozenCacheBytes = Long.MAX_VALUE;

  /// A file of the chain.
  ///
  /// @param layer the image that it is, or belongs to
  private record Owned(Path file, Path layer) {}

  /// A layer, and the state of its file when it was opened.
  record Opened(Layer layer, FileState state) {}

  LayerOpening(ChainOptions options) {
    this.options = options;
  }

  ChainOptions options() {
    return options;
  }

  /// Bounds the metadata of each frozen layer that is opened from now on: the map does not need it.
  void boundFrozenCaches(long bytes) {
    frozenCacheBytes = bytes;
  }

  /// Notes a file as part of the chain; returns the path under which it is a part already, or null.
  @Nullable Path note(FileKey key, Path file) {
    Owned earlier = files.put(key, new Owned(file, file));
    return earlier == null ? null : earlier.file();
  }

  /// Opens a layer.
  ///
  /// @param namedBy the layer above it, null for the active one, which alone may be writable
  Opened open(Path path, LayerFormat format, @Nullable Path namedBy) throws IOException {
    boolean writable = namedBy == null && options.writable();
    if (writable && !format.writable()) {
      throw new ReadOnlyImageException(
          "%s: images of format %s are read and not written; convert it to qcow2"
              .formatted(path, format.id()));
    }
    FileAccess access = writable ? FileAccess.READ_WRITE : FileAccess.READ_ONLY;
    LockMode lock = writable ? LockMode.WRITER : options.baseLock();
    FileStorage file = FileStorage.open(path, access, lock);
    FileState state = file.stateWhenOpened();
    Storage storage;
    try {
      if (format == LayerFormat.QCOW2) {
        file.adviseRandom();
      }
      storage = options.wrap().apply(file);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
    try {
      return new Opened(openFormat(path, format, storage, namedBy == null), state);
    } catch (WrongFormatException e) {
      if (namedBy == null) {
        throw e;
      }
      throw new BackingChainException(
          "%s: its backing file is not %s as it says: %s"
              .formatted(namedBy, format.id(), e.getMessage()),
          e);
    }
  }

  /// A slot for a frozen layer that was opened just now.
  LayerSlot slot(Path path, LayerFormat format, Path namedBy, Opened opened, OpenLayers pool)
      throws IOException {
    return slot(path, format, namedBy, opened.layer(), opened.state(), pool, false);
  }

  /// A slot for the active layer, which freezes; pinned, because the layer still takes requests.
  LayerSlot frozen(Layer layer, Path path, Path overlay, OpenLayers pool) throws IOException {
    return slot(path, layer.format(), overlay, layer, null, pool, true);
  }

  /// A slot for the active layer of a chain that is not written to; pinned.
  LayerSlot active(Layer layer, Path path, OpenLayers pool) throws IOException {
    return slot(path, layer.format(), path, layer, null, pool, true);
  }

  private LayerSlot slot(
      Path path,
      LayerFormat format,
      Path namedBy,
      Layer layer,
      @Nullable FileState state,
      OpenLayers pool,
      boolean pinned)
      throws IOException {
    Reopener reopener = new Reopener(this, path, format, namedBy, null, state).knowing(layer);
    return LayerSlot.of(layer, reopener, pool, pinned);
  }

  /// Opens the layer that is to lie on the active one.
  Layer openOverlay(Path overlay, Path active) throws IOException {
    Layer layer = open(overlay, LayerFormat.QCOW2, null).layer();
    try {
      BackingReference base = layer.backing().orElse(null);
      Path named = base == null ? null : options.gate().admit(overlay, base);
      if (named == null || !FileKey.of(named).equals(FileKey.of(active))) {
        throw new BackingChainException(
            "%s: it is to lie on %s, but names %s as its base"
                .formatted(overlay, active, named == null ? "nothing" : named));
      }
      return layer;
    } catch (IOException | RuntimeException e) {
      layer.close();
      throw e;
    }
  }

  private Layer openFormat(Path path, LayerFormat format, Storage storage, boolean top)
      throws IOException {
    if (format == LayerFormat.RAW) {
      return RawLayer.open(storage, top && options.writable());
    }
    if (format == LayerFormat.QCOW2) {
      return Qcow2Layer.open(storage, qcow2Options(path, top));
    }
    return ForeignFormats.open(format, storage, name -> openExtent(path, name));
  }

  /// Opens a file that the VMDK descriptor at `layer` names.
  private Storage openExtent(Path layer, String name) throws IOException {
    Path path = options.gate().admitExtent(layer, name);
    FileStorage file = FileStorage.open(path, FileAccess.READ_ONLY, options.baseLock());
    try {
      return options.wrap().apply(file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private Qcow2Options qcow2Options(Path layer, boolean top) {
    Path given = top ? options.dataFile() : null;
    Qcow2Options own = options.layer(top);
    return own.withCacheBytes(top ? own.cacheBytes() : Math.min(own.cacheBytes(), frozenCacheBytes))
        .withDataFile((name, writable) -> openDataFile(layer, name, given, writable));
  }

  /// Opens the external data file of the layer at `layer`.
  private Storage openDataFile(
      Path layer, @Nullable String name, @Nullable Path given, boolean writable)
      throws IOException {
    Path path = given != null ? given : admitDataFile(layer, name);
    requireOwnDataFile(layer, path);
    FileStorage file =
        FileStorage.open(
            path,
            writable ? FileAccess.READ_WRITE : FileAccess.READ_ONLY,
            writable ? LockMode.WRITER : options.baseLock());
    try {
      return options.wrap().apply(file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private Path admitDataFile(Path layer, @Nullable String name) throws IOException {
    if (name == null) {
      throw new BackingChainException(
          layer + ": 'data-file' is required for this image: its header does not name it");
    }
    return options.gate().admitDataFile(layer, name);
  }

  /// Refuses a data file that is also an image of this chain, or another layer's data file: a write
  /// to the one would destroy the other.
  private void requireOwnDataFile(Path layer, Path dataFile) throws IOException {
    FileKey key = FileKey.of(dataFile);
    Owned earlier = files.put(key, new Owned(dataFile, layer));
    if (earlier != null
        && (!earlier.layer().equals(layer) || earlier.file().equals(layer))
        && isStill(earlier, key)) {
      throw new BackingChainException(
          "%s: its data file %s is in use in the same chain already, as %s"
              .formatted(layer, dataFile, earlier.file()));
    }
  }

  /// False for a file that was merged and is gone: its number may be given to another.
  private static boolean isStill(Owned earlier, FileKey key) {
    try {
      return FileKey.of(earlier.file()).equals(key);
    } catch (IOException e) {
      return false;
    }
  }
}
