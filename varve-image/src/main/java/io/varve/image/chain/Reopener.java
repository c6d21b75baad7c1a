// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.BackingChainException;
import io.varve.image.BackingReference;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.FileState;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Opens one frozen layer when it is needed, and makes sure that it still is the layer that the map
/// was made from: the same file, of the same size and time of change. No image lock was held on it
/// meanwhile, so that another program may have come to it.
///
/// - Another file in its place, or another layer in its file: an error that names it.
/// - The same layer with other bytes: [LayerChangedException], once; the map is then made anew. So
///   it is while a merge is under way that the chain has not heard of yet; the disk reads the same
///   before and after.
final class Reopener {
  private final LayerOpening opening;
  private final Path path;
  private final LayerFormat format;
  private final Path namedBy;
  private final @Nullable BackingReference named;
  private @Nullable FileState expected;
  private @Nullable UUID layerId;

  /// @param namedBy the layer above
  /// @param named how the layer above names it, for the gate; null if the gate was asked already
  /// @param expected the file that the map was made from; null: as it is when it is next opened
  Reopener(
      LayerOpening opening,
      Path path,
      LayerFormat format,
      Path namedBy,
      @Nullable BackingReference named,
      @Nullable FileState expected) {
    this.opening = opening;
    this.path = path;
    this.format = format;
    this.namedBy = namedBy;
    this.named = named;
    this.expected = expected;
  }

  /// The layer above.
  Path namedBy() {
    return namedBy;
  }

  /// A slot for the same file, which now holds what a neighbour of it held.
  LayerSlot renewed(Path nowNamedBy, OpenLayers pool) throws IOException {
    LayerOpening.Opened opened = opening.open(path, format, nowNamedBy);
    return opening.slot(path, format, nowNamedBy, opened, pool);
  }

  /// Says that the header was changed by those who merge: the file as it is now is the one that is
  /// meant. Under the slot's lock.
  void headerChanged() throws IOException {
    FileState before = expected;
    FileState now = FileState.of(path);
    if (before != null && before.key().equals(now.key())) {
      expected = now;
    }
  }

  /// Notes which layer it is, from one that is open.
  Reopener knowing(Layer layer) throws IOException {
    layerId = idOf(layer);
    return this;
  }

  /// Under the slot's lock.
  Layer open() throws IOException {
    LayerOpening.Opened opened = openFile();
    Layer layer = opened.layer();
    try {
      requireSame(layer, opened.state());
    } catch (IOException | RuntimeException e) {
      layer.close();
      throw e;
    }
    return layer;
  }

  private LayerOpening.Opened openFile() throws IOException {
    Path file = named == null ? path : opening.options().gate().admit(namedBy, named);
    try {
      return opening.open(file, format, namedBy);
    } catch (NoSuchFileException e) {
      throw missing(path, namedBy, e);
    }
  }

  static BackingChainException missing(Path path, Path namedBy, IOException cause) {
    return new BackingChainException(
        "%s: its backing file %s is missing; put it back, or name the right one with a rebase"
            .formatted(namedBy, path),
        cause);
  }

  private void requireSame(Layer layer, FileState found) throws IOException {
    FileState before = expected;
    UUID id = idOf(layer);
    if (before == null || found.equals(before)) {
      expected = found;
      layerId = id;
      return;
    }
    if (!found.key().equals(before.key()) || (layerId != null && !layerId.equals(id))) {
      throw new BackingChainException(
          "%s: its backing file %s was replaced while the chain was open; put the right file back and"
                  .formatted(namedBy, path)
              + " open the disk again");
    }
    expected = found;
    layerId = id;
    throw new LayerChangedException(
        path + ": the file was changed by another program while the chain was open");
  }

  /// Which layer the file says it is; null where it is not of Varve's making.
  private static @Nullable UUID idOf(Layer layer) throws IOException {
    return layer instanceof Qcow2Layer qcow2
        ? qcow2.identity().map(VarveIdentity::layerId).orElse(null)
        : null;
  }
}
