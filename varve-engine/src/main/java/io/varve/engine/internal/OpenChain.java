// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DamagedException;
import io.varve.engine.ProblemCode;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.NodeRole;
import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.map.FrozenMap;
import io.varve.image.chain.map.FrozenSource;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Opens the chain of one layer: by the side file where that knows a long one, by walking from file
/// to file elsewhere.
///
/// **Threads.** One.
final class OpenChain implements FrozenSource {
  private static final long CACHE_ALL_LAYERS = 256L << 20;
  private static final long CACHE_MOST = 32L << 20;
  private static final long CACHE_LEAST = 256L << 10;

  /// Descriptors of a chain that is read through the side file's map.
  private static final int OPEN_LAYERS = 64;

  private final Context context;
  private final PoolSite site;
  private final LayerRow top;
  private @Nullable FrozenMap known;
  private boolean taken;

  OpenChain(Context context, PoolSite site, LayerRow top) {
    this.context = context;
    this.site = site;
    this.top = top;
  }

  /// @param wrap put around the storage of each layer
  Chain open(boolean writable, UnaryOperator<Storage> wrap) throws IOException {
    lookUp();
    ChainOptions options =
        ChainOptions.readOnly(site.gate())
            .withWritable(writable)
            .withRequireWhole(true)
            .withMaxDepth(Sources.MAX_DEPTH)
            .withWrap(wrap)
            .withCacheBytes(cacheBytes())
            .withFrozenSource(this);
    try {
      Chain chain =
          Chain.open(
              site.file(top),
              LayerFormat.QCOW2,
              known == null ? options : options.withOpenLayers(OPEN_LAYERS));
      try {
        requireRight(chain, writable);
        return chain;
      } catch (IOException | RuntimeException e) {
        chain.close();
        throw e;
      }
    } finally {
      dropUnused();
    }
  }

  private void lookUp() throws IOException {
    UUID parent = top.parent();
    if (parent == null || !site.virtual()) {
      return;
    }
    known = SideMaps.of(site, top.family()).find(parent);
    if (known != null && known.rootFirst().size() < SideMaps.LEAST_DEPTH) {
      dropUnused();
    }
  }

  private void dropUnused() throws IOException {
    FrozenMap map = known;
    if (map != null && !taken) {
      known = null;
      map.pages().close();
    }
  }

  private long cacheBytes() {
    int depth = known == null ? context.read(tx -> depth(tx, top)) : OPEN_LAYERS;
    return Math.clamp(CACHE_ALL_LAYERS / depth, CACHE_LEAST, CACHE_MOST);
  }

  static int depth(CatalogTx tx, LayerRow layer) {
    int depth = 1;
    for (UUID parent = layer.parent(); parent != null && depth < Sources.MAX_DEPTH; depth++) {
      parent = tx.layer(parent).map(LayerRow::parent).orElse(null);
    }
    return depth;
  }

  @Override
  public @Nullable FrozenMap find(Path newest, LayerFormat format) {
    FrozenMap map = known;
    boolean same =
        map != null
            && !taken
            && format == LayerFormat.QCOW2
            && newest.toAbsolutePath().equals(map.rootFirst().getLast().path().toAbsolutePath());
    taken |= same;
    return same ? map : null;
  }

  /// The newest frozen layer, if the chain is long and had to be walked.
  @Nullable UUID unmapped(Chain chain) {
    return taken || !site.virtual() || chain.depth() <= SideMaps.LEAST_DEPTH ? null : top.parent();
  }

  private void requireRight(Chain chain, boolean writable) throws IOException {
    VarveIdentity own = LayerFiles.requireLayer((Qcow2Layer) chain.top(), top.id());
    if (!taken || !Objects.equals(own.parentId(), top.parent())) {
      // What the side file says of the layers beneath was checked when it was made.
      LayerFiles.requireLineage(chain);
    }
    boolean asDisk = writable || top.role() == NodeRole.ACTIVE;
    if (asDisk && own.role() != VarveIdentity.Role.ACTIVE) {
      throw new DamagedException(
          ProblemCode.FROZEN,
          chain.top().name() + " is frozen, but the catalog has it as a disk's active layer",
          "Run a rescan of the pool.");
    }
  }
}
