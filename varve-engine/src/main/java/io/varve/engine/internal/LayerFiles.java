// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DamagedException;
import io.varve.engine.ProblemCode;
import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Directories;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// What happens to layer files. Every method can be repeated after a crash.
///
/// A frozen layer has mode 0444, and its header says that it is frozen; [#openActive] refuses it
/// even where the user is root. [#openFrozen] is for merges and for changing what a layer says of
/// itself, and only the verbs of this package reach it.
final class LayerFiles {
  /// The largest cluster: header, extensions and backing name.
  private static final long WIPED = 2 << 20;

  private LayerFiles() {}

  /// Makes an empty layer: under a temporary name, flushed, then under its own. The name is durable
  /// once the folder is flushed.
  static void make(Path file, Qcow2CreateOptions options) throws IOException {
    write(file, options);
    flush(unfinished(file));
    finish(file);
  }

  /// First step of [#make]: all bytes of the file, not yet durable.
  static void write(Path file, Qcow2CreateOptions options) throws IOException {
    NewLayer.of(options).write(unfinished(file), options.identity());
  }

  /// Second step of [#make].
  static void flush(Path unfinished) throws IOException {
    try (FileStorage storage = FileStorage.open(unfinished, FileAccess.READ_WRITE, LockMode.NONE)) {
      storage.flush();
    }
  }

  /// Third step of [#make]: the file gets its name.
  static void finish(Path file) throws IOException {
    Files.move(unfinished(file), file, StandardCopyOption.ATOMIC_MOVE);
  }

  static Path unfinished(Path file) {
    return file.resolveSibling(file.getFileName() + PoolSite.UNFINISHED);
  }

  /// Forgets a layer that was not finished, whatever of it is there.
  static void undo(Path file) throws IOException {
    Files.deleteIfExists(unfinished(file));
    if (Files.exists(file)) {
      Directories.delete(file);
    }
  }

  /// What the file says of itself, read beside whoever has it open; empty for an image of another
  /// maker.
  ///
  /// @throws NoSuchFileException if there is no such file
  static Optional<VarveIdentity> identity(Path file) throws IOException {
    try (Qcow2Layer layer = openToLook(file)) {
      return layer.identity();
    }
  }

  /// True if the file is there and says that it is this layer.
  static boolean isLayer(Path file, UUID id) throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    return identity(file).map(own -> own.layerId().equals(id)).orElse(false);
  }

  /// Opens a file read-only, also while a VM writes it: for headers, tables and sizes.
  static Qcow2Layer openToLook(Path file) throws IOException {
    return Qcow2Layer.open(
        FileStorage.open(file, FileAccess.READ_ONLY, LockMode.FORCE_SHARE),
        Qcow2Options.readOnly());
  }

  /// Opens the active layer of a disk for changing it.
  ///
  /// @throws DamagedException if the file is not that layer, or is frozen
  static Qcow2Layer openActive(Path file, UUID id) throws IOException {
    Qcow2Layer layer = openForWriting(file);
    try {
      requireActive(layer, id);
      return layer;
    } catch (IOException | RuntimeException e) {
      closeAfter(layer, e);
      throw e;
    }
  }

  private static void requireActive(Qcow2Layer layer, UUID id) throws IOException {
    VarveIdentity own = requireLayer(layer, id);
    if (own.role() != VarveIdentity.Role.ACTIVE) {
      throw new DamagedException(
          ProblemCode.FROZEN,
          layer.name()
              + " is frozen ("
              + own.role()
              + "), but the catalog has it as a disk's active"
              + " layer",
          "Run a rescan of the pool.");
    }
  }

  /// What an open layer says of itself.
  ///
  /// @throws DamagedException if it is another layer
  static VarveIdentity requireLayer(Qcow2Layer layer, UUID id) throws IOException {
    VarveIdentity own = layer.identity().orElse(null);
    if (own == null || !own.layerId().equals(id)) {
      throw new DamagedException(
          ProblemCode.FOREIGN_FILE,
          layer.name()
              + " is not the layer that the catalog has there: expected "
              + id
              + ", found "
              + (own == null ? "an image without Varve's identity" : own.layerId()),
          "Put the right file back, or run a rescan of the pool.");
    }
    return own;
  }

  /// Opens a frozen layer for the journal's own work; freeze it again afterwards.
  static Qcow2Layer openFrozen(Path file, UUID id) throws IOException {
    thaw(file);
    Qcow2Layer layer = openForWriting(file);
    try {
      requireLayer(layer, id);
      return layer;
    } catch (IOException | RuntimeException e) {
      closeAfter(layer, e);
      throw e;
    }
  }

  /// Opens a frozen layer for changes that no reader of its chain sees; it may be open for reading
  /// elsewhere. Its mode is that of a frozen layer all the time but for a moment.
  ///
  /// @throws io.varve.image.ImageInUseException if someone has it open for writing, or fills it in
  static Qcow2Layer openFilling(Path file) throws IOException {
    return Qcow2Layer.open(
        unfrozen(file, LockMode.FILLER), Qcow2Options.readWrite().withRequireWhole(true));
  }

  /// Opens a file for writing whatever its mode, and leaves it the mode that it has.
  static FileStorage unfrozen(Path file, LockMode lock) throws IOException {
    boolean frozen = !Files.getPosixFilePermissions(file).contains(PosixFilePermission.OWNER_WRITE);
    thaw(file);
    try {
      return FileStorage.open(file, FileAccess.READ_WRITE, lock);
    } finally {
      if (frozen) {
        freeze(file);
      }
    }
  }

  /// For a verb that checks for itself which layer it has.
  static Qcow2Layer openForWriting(Path file) throws IOException {
    return Qcow2Layer.open(
        FileStorage.open(file, FileAccess.READ_WRITE, LockMode.WRITER), Qcow2Options.readWrite());
  }

  private static void closeAfter(Qcow2Layer layer, Exception e) {
    try {
      layer.close();
    } catch (IOException again) {
      e.addSuppressed(again);
    }
  }

  /// Takes the permission to write from a file.
  static void freeze(Path file) throws IOException {
    Directories.setWritable(file, false);
  }

  /// Opens a file with the lock of a writer, to prove that nobody uses it. Whether it is a healthy
  /// image does not matter.
  static FileStorage claim(Path file) throws IOException {
    thaw(file);
    return FileStorage.open(file, FileAccess.READ_WRITE, LockMode.WRITER);
  }

  /// Gives the permission to write back, where this user lacks it.
  static void thaw(Path file) throws IOException {
    if (Files.exists(file) && !Files.isWritable(file)) {
      Directories.setWritable(file, true);
    }
  }

  /// Deletes a layer's file if nobody uses it, durably. Returns the bytes that the store gets back;
  /// 0 if it was gone already. A block device is left as it is.
  ///
  /// @throws io.varve.image.ImageInUseException if someone does
  static long delete(Path file) throws IOException {
    if (!Files.exists(file)) {
      Directories.flush(folderOf(file));
      return 0;
    }
    if (!Files.isRegularFile(file)) {
      wipe(file);
      return 0;
    }
    try (FileStorage claimed = claim(file)) {
      long bytes = claimed.allocatedBytes();
      Directories.delete(file);
      return bytes;
    }
  }

  /// Refuses a chain in which a file is not the layer that the one above it stands on: a file that
  /// was replaced by another one, or a header that another program changed.
  static void requireLineage(Chain chain) throws IOException {
    List<Layer> layers = chain.layers();
    for (int i = 0; i < layers.size(); i++) {
      if (!(layers.get(i) instanceof Qcow2Layer layer)) {
        continue;
      }
      VarveIdentity own = layer.identity().orElse(null);
      if (own == null) {
        continue;
      }
      UUID parent = own.parentId();
      Layer base = i + 1 < layers.size() ? layers.get(i + 1) : null;
      if (parent == null
          ? base == null
          : base instanceof Qcow2Layer qcow2 && isLayer(qcow2, parent)) {
        continue;
      }
      throw new DamagedException(
          ProblemCode.FOREIGN_FILE,
          layer.name()
              + " stands on layer "
              + parent
              + ", but its base is "
              + (base == null ? "none" : base.name() + ", which is another layer"),
          "Put the right file back, from a backup if need be; a rescan of the pool shows what each"
              + " file says of itself.");
    }
  }

  private static boolean isLayer(Qcow2Layer layer, UUID id) throws IOException {
    return layer.identity().map(own -> own.layerId().equals(id)).orElse(false);
  }

  /// A device cannot be unlinked: its header goes, so that nothing finds an image there any more.
  private static void wipe(Path device) throws IOException {
    try (FileStorage claimed = claim(device)) {
      claimed.zero(0, Math.min(WIPED, claimed.size()));
      claimed.flush();
    }
  }

  static Path folderOf(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IllegalArgumentException(file + " has no folder");
    }
    return folder;
  }
}
