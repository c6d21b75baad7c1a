// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.ffi.FileStat;
import io.varve.image.BackingReference;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A frozen layer that a writer looks into, and the state of its file from before the first look to
/// after the last one.
///
/// **Threads.** One.
final class OpenedLayer implements Closeable {
  /// Metadata in memory for each: many are open at once, and each is walked once.
  private static final long CACHE = 256 << 10;

  private static final int HEAD = 512;

  private final UUID id;
  private final Qcow2Layer layer;
  private final FileBinding binding;
  private final @Nullable UUID parent;

  private OpenedLayer(UUID id, Qcow2Layer layer, FileBinding binding, @Nullable UUID parent) {
    this.id = id;
    this.layer = layer;
    this.binding = binding;
    this.parent = parent;
  }

  /// @throws IOException if the file is not that layer, is not frozen, or its two notes of what
  ///   lies beneath it disagree: nothing can be kept of it then
  static OpenedLayer open(LayerFolder folder, UUID id) throws IOException {
    FileStat before = folder.stat(id);
    if (before == null || !before.isRegularFile()) {
      throw new IOException(folder.file(id) + ": no layer is there");
    }
    FileStorage storage =
        FileStorage.open(folder.file(id), FileAccess.READ_ONLY, LockMode.FORCE_SHARE);
    Qcow2Layer layer =
        Qcow2Layer.open(
            storage, Qcow2Options.readOnly().withCacheBytes(CACHE).withRequireWhole(true));
    try {
      VarveIdentity own = layer.identity().orElse(null);
      boolean right =
          own != null
              && own.layerId().equals(id)
              && own.role() != VarveIdentity.Role.ACTIVE
              && storage.fileKey().inode() == before.inode()
              && namesParent(layer, own.parentId());
      if (own == null || !right) {
        throw new IOException(storage.name() + ": not a frozen layer of this family");
      }
      return new OpenedLayer(id, layer, FileBinding.of(before, head(storage)), own.parentId());
    } catch (IOException | RuntimeException e) {
      layer.close();
      throw e;
    }
  }

  private static boolean namesParent(Qcow2Layer layer, @Nullable UUID parent) {
    BackingReference base = layer.backing().orElse(null);
    if (base == null || parent == null) {
      return base == null && parent == null;
    }
    return base.name().equals(LayerFolder.name(parent))
        && LayerFormat.QCOW2.id().equals(base.format());
  }

  private static int head(FileStorage storage) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(HEAD);
    storage.read(0, head);
    return BlockFile.crc(head, HEAD);
  }

  /// The binding of a layer as it is now; it is opened for this.
  static FileBinding bind(LayerFolder folder, UUID id) throws IOException {
    folder.statAgain(id);
    try (OpenedLayer opened = open(folder, id)) {
      return opened.binding;
    }
  }

  UUID id() {
    return id;
  }

  Qcow2Layer layer() {
    return layer;
  }

  @Nullable UUID parent() {
    return parent;
  }

  long size() {
    return layer.size();
  }

  FileBinding binding() {
    return binding;
  }

  /// @throws IOException if the file has changed since it was opened
  void requireUnchanged(LayerFolder folder) throws IOException {
    FileStat now = folder.statAgain(id);
    if (now == null || !binding.fits(now)) {
      throw new IOException(layer.name() + ": it changed while it was read");
    }
  }

  @Override
  public void close() throws IOException {
    layer.close();
  }
}
