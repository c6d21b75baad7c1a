// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.BackingChainException;
import io.varve.image.BackingReference;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.UnsupportedImageException;
import io.varve.image.chain.map.FrozenLayer;
import io.varve.image.chain.map.FrozenMap;
import io.varve.image.chain.map.PageSource;
import io.varve.image.foreign.ForeignFormats;
import io.varve.image.storage.FileKey;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Follows the names from file to file, each through the gate, and opens the layers; or takes the
/// frozen ones from whom knows them, unopened. Loops are found by what a file is, not by its path.
final class ChainOpener {
  private final ChainOptions options;
  private final LayerOpening opening;
  private final OpenLayers pool;
  private final List<LayerSlot> frozen = new ArrayList<>();
  private PageSource pages = PageSource.NONE;
  private int unitBits;

  private ChainOpener(ChainOptions options) {
    this.options = options;
    this.opening = new LayerOpening(options);
    this.pool = new OpenLayers(options.openLayers());
  }

  /// What makes a chain.
  record Opened(Layer top, Path path, LayerOpening opening, FrozenLayers frozen) {}

  static Opened open(Path top, LayerFormat format, ChainOptions options) throws IOException {
    ChainOpener opener = new ChainOpener(options);
    opener.requireNoLoop(top, null);
    Layer layer = opener.opening.open(top, format, null).layer();
    try {
      opener.findFrozen(top, layer);
      return new Opened(layer, top, opener.opening, opener.frozenLayers(layer));
    } catch (IOException | RuntimeException e) {
      try {
        close(layer, opener.frozen, opener.pages);
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  private FrozenLayers frozenLayers(Layer top) throws IOException {
    LayerSlot[] newestFirst = frozen.toArray(LayerSlot[]::new);
    FrozenLayers layers = FrozenLayers.of(newestFirst, top, unitBits, pages, pool, options);
    long cacheBytes = layers.layerCacheBytes();
    opening.boundFrozenCaches(cacheBytes);
    for (LayerSlot slot : newestFirst) {
      slot.boundCache(cacheBytes);
    }
    return layers;
  }

  private void findFrozen(Path top, Layer topLayer) throws IOException {
    BackingReference base = topLayer.backing().orElse(null);
    if (base == null || !options.followBases()) {
      return;
    }
    requireDepth(top, 1);
    LayerFormat format = formatOf(top, base);
    Path path = options.gate().admit(top, base);
    FrozenMap known = options.frozenSource().find(path, format);
    if (known == null) {
      walk(top, topLayer, path, format);
    } else {
      adopt(top, known);
    }
  }

  /// Opens one layer after the other.
  private void walk(Path top, Layer topLayer, Path first, LayerFormat firstFormat)
      throws IOException {
    Path namedBy = top;
    Layer above = topLayer;
    Path path = first;
    LayerFormat format = firstFormat;
    while (true) {
      requireNoLoop(path, namedBy);
      LayerOpening.Opened opened = opening.open(path, format, namedBy);
      Layer layer = opened.layer();
      BackingReference base;
      try {
        ForeignFormats.requireParent(above, layer);
        base = layer.backing().orElse(null);
        frozen.add(opening.slot(path, format, namedBy, opened, pool));
      } catch (IOException | RuntimeException e) {
        layer.close();
        throw e;
      }
      if (base == null) {
        return;
      }
      requireDepth(top, 1 + frozen.size());
      format = formatOf(path, base);
      namedBy = path;
      above = layer;
      path = options.gate().admit(path, base);
    }
  }

  /// Takes the layers as somebody knows them.
  private void adopt(Path top, FrozenMap known) throws IOException {
    pages = known.pages();
    unitBits = known.unitBits();
    List<FrozenLayer> rootFirst = known.rootFirst();
    Path namedBy = top;
    for (int slot = rootFirst.size() - 1; slot >= 0; slot--) {
      requireDepth(top, 1 + frozen.size());
      FrozenLayer layer = rootFirst.get(slot);
      Reopener reopener =
          new Reopener(
              opening, layer.path(), layer.format(), namedBy, layer.named(), layer.binding());
      frozen.add(
          LayerSlot.unopened(
              layer.path().toString(), layer.format(), layer.size(), reopener, pool));
      namedBy = layer.path();
    }
  }

  private void requireDepth(Path top, int layers) throws BackingChainException {
    if (layers >= options.maxDepth()) {
      throw new BackingChainException(
          "%s: the chain has more than %d layers; merge some, or allow more"
              .formatted(top, options.maxDepth()));
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
      throw namedBy == null ? e : Reopener.missing(path, namedBy, e);
    }
    Path earlier = opening.note(key, path);
    if (earlier != null) {
      throw new BackingChainException(
          "%s: the chain loops: its backing file %s is %s, which lies above it; name another base with a"
                  .formatted(namedBy, path, earlier)
              + " rebase");
    }
  }

  /// Closes all, the top one first, and then throws the first failure.
  static void close(Layer top, List<LayerSlot> frozen, PageSource pages) throws IOException {
    IOException failure = null;
    try {
      top.close();
    } catch (IOException e) {
      failure = e;
    }
    for (LayerSlot slot : frozen) {
      try {
        slot.retire();
      } catch (IOException e) {
        failure = first(failure, e);
      }
    }
    try {
      pages.close();
    } catch (IOException e) {
      failure = first(failure, e);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static IOException first(@Nullable IOException earlier, IOException e) {
    if (earlier == null) {
      return e;
    }
    earlier.addSuppressed(e);
    return earlier;
  }
}
