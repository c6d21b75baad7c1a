// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.BackingChainException;
import io.varve.image.BackingReference;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WrongFormatException;
import io.varve.image.foreign.ForeignFormats;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.raw.RawLayer;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileKey;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Follows the names from file to file, each through the gate, and opens the layers. Loops are
/// found by what a file is, not by its path.
final class ChainOpener {
  private final ChainOptions options;
  private final Map<FileKey, Path> seen = new HashMap<>();
  private final List<Layer> layers = new ArrayList<>();

  private ChainOpener(ChainOptions options) {
    this.options = options;
  }

  static List<Layer> open(Path top, LayerFormat format, ChainOptions options) throws IOException {
    ChainOpener opener = new ChainOpener(options);
    try {
      opener.openAll(top, format);
      return opener.layers;
    } catch (IOException | RuntimeException e) {
      try {
        closeAll(opener.layers);
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  private void openAll(Path top, LayerFormat topFormat) throws IOException {
    Path path = top;
    LayerFormat format = topFormat;
    Path namedBy = null;
    while (true) {
      requireNoLoop(path, namedBy);
      Layer layer = openLayer(path, format, namedBy);
      if (!layers.isEmpty()) {
        requireParent(layer);
      }
      layers.add(layer);
      Optional<BackingReference> base = layer.backing();
      if (base.isEmpty() || !options.followBases()) {
        return;
      }
      if (layers.size() >= options.maxDepth()) {
        throw new BackingChainException(
            "%s: the chain has more than %d layers; merge some, or allow more"
                .formatted(top, options.maxDepth()));
      }
      format = formatOf(path, base.get());
      namedBy = path;
      path = options.gate().admit(path, base.get());
    }
  }

  private void requireParent(Layer base) throws IOException {
    try {
      ForeignFormats.requireParent(layers.getLast(), base);
    } catch (IOException e) {
      base.close();
      throw e;
    }
  }

  private static LayerFormat formatOf(Path layer, BackingReference base)
      throws BackingChainException {
    String format = base.format();
    if (format == null) {
      throw new BackingChainException(
          "%s: it names the backing file '%s' without its format, and a format is never guessed; state"
                  .formatted(layer, base.name())
              + " it with: qemu-img rebase -u -b '%s' -F qcow2 '%s' (or -F raw)"
                  .formatted(base.name(), layer));
    }
    try {
      return LayerFormat.of(format);
    } catch (UnsupportedImageException e) {
      throw new BackingChainException(
          "%s: backing file '%s': %s".formatted(layer, base.name(), e.getMessage()), e);
    }
  }

  private void requireNoLoop(Path path, @Nullable Path namedBy) throws IOException {
    FileKey key;
    try {
      key = FileKey.of(path);
    } catch (NoSuchFileException e) {
      throw namedBy == null ? e : missing(path, namedBy, e);
    }
    Path earlier = seen.put(key, path);
    if (earlier != null) {
      throw new BackingChainException(
          "%s: the chain loops: its backing file %s is %s, which lies above it; name another base with a"
                  .formatted(namedBy, path, earlier)
              + " rebase");
    }
  }

  private static BackingChainException missing(Path path, Path namedBy, IOException cause) {
    return new BackingChainException(
        "%s: its backing file %s is missing; put it back, or name the right one with a rebase"
            .formatted(namedBy, path),
        cause);
  }

  private Layer openLayer(Path path, LayerFormat format, @Nullable Path namedBy)
      throws IOException {
    boolean writable = namedBy == null && options.writable();
    if (writable && !format.writable()) {
      throw new ReadOnlyImageException(
          "%s: images of format %s are read and not written; convert it to qcow2"
              .formatted(path, format.id()));
    }
    FileAccess access = writable ? FileAccess.READ_WRITE : FileAccess.READ_ONLY;
    LockMode lock = writable ? LockMode.WRITER : options.baseLock();
    FileStorage file = FileStorage.open(path, access, lock);
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
      return openFormat(path, format, storage, namedBy == null);
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
    Qcow2Options own = options.layer(top ? 0 : layers.size());
    Path given = top ? options.dataFile() : null;
    return own.withDataFile((name, writable) -> openDataFile(layer, name, given, writable));
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
    Path earlier = seen.put(FileKey.of(dataFile), dataFile);
    if (earlier != null) {
      throw new BackingChainException(
          "%s: its data file %s is in use in the same chain already, as %s"
              .formatted(layer, dataFile, earlier));
    }
  }

  /// Closes all, the top one first, and then throws the first failure.
  static void closeAll(List<Layer> layers) throws IOException {
    IOException failure = null;
    for (Layer layer : layers) {
      try {
        layer.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
