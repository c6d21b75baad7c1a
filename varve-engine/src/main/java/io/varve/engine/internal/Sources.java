// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DamagedException;
import io.varve.engine.DiskAddress;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Opens what an address names for reading or writing its bytes: a disk, a storage snapshot, a
/// compute snapshot.
final class Sources {
  /// Layers in a chain that Varve opens; far above what it makes.
  static final int MAX_DEPTH = 1 << 14;

  private static final long CACHE_ALL_LAYERS = 256L << 20;
  private static final long CACHE_MOST = 32L << 20;
  private static final long CACHE_LEAST = 256L << 10;

  private final Context context;

  Sources(Context context) {
    this.context = context;
  }

  /// An open chain.
  ///
  /// @param chain to read and write
  /// @param owner to close
  /// @param compute the compute snapshot that it shows, or null
  record Opened(Chain chain, Chain owner, @Nullable InternalSnapshot compute)
      implements AutoCloseable {
    @Override
    public void close() throws IOException {
      owner.close();
    }
  }

  /// @param wrap put around the storage of each layer
  Opened open(
      Resolver.Found found, DiskAddress address, boolean writable, UnaryOperator<Storage> wrap)
      throws IOException {
    String snapshot = address.snapshot();
    if (snapshot == null) {
      LayerRow active = Layers.active(context, found.disk());
      return whole(openLayer(found, active, writable, wrap));
    }
    if (writable) {
      throw new RefusedException(
          ProblemCode.FROZEN,
          "'" + address + "' is a snapshot: it is read-only",
          "Make a clone of it and write to that, or revert the disk to it.");
    }
    Optional<SnapshotRow> row = context.read(tx -> tx.snapshot(found.disk().id(), snapshot));
    if (row.isPresent() && row.get().kind() == SnapshotKind.STORAGE) {
      LayerRow layer = context.read(tx -> Layers.require(tx, row.get().layer()));
      return whole(openLayer(found, layer, false, wrap));
    }
    return compute(found, address, snapshot, wrap);
  }

  private static Opened whole(Chain chain) {
    return new Opened(chain, chain, null);
  }

  private Opened compute(
      Resolver.Found found, DiskAddress address, String snapshot, UnaryOperator<Storage> wrap)
      throws IOException {
    Chain chain = openLayer(found, Layers.active(context, found.disk()), false, wrap);
    try {
      Qcow2Layer top = (Qcow2Layer) chain.top();
      InternalSnapshot entry = ComputeSnapshots.find(top, snapshot, address);
      List<Layer> layers = new ArrayList<>(chain.layers());
      layers.set(0, top.snapshots().view(ComputeSnapshots.key(top.snapshots().list(), entry)));
      return new Opened(Chain.of(layers), chain, entry);
    } catch (IOException | RuntimeException e) {
      chain.close();
      throw e;
    }
  }

  private Chain openLayer(
      Resolver.Found found, LayerRow layer, boolean writable, UnaryOperator<Storage> wrap)
      throws IOException {
    PoolSite site = found.site();
    int depth = context.read(tx -> depth(tx, layer));
    ChainOptions options =
        ChainOptions.readOnly(site.gate())
            .withWritable(writable)
            .withRequireWhole(true)
            .withMaxDepth(MAX_DEPTH)
            .withWrap(wrap)
            .withCacheBytes(Math.clamp(CACHE_ALL_LAYERS / depth, CACHE_LEAST, CACHE_MOST));
    Chain chain = Chain.open(site.file(layer), LayerFormat.QCOW2, options);
    try {
      requireRight(chain, layer, writable);
      return chain;
    } catch (IOException | RuntimeException e) {
      chain.close();
      throw e;
    }
  }

  static int depth(CatalogTx tx, LayerRow layer) {
    int depth = 1;
    for (UUID parent = layer.parent(); parent != null && depth < MAX_DEPTH; depth++) {
      parent = tx.layer(parent).map(LayerRow::parent).orElse(null);
    }
    return depth;
  }

  private static void requireRight(Chain chain, LayerRow layer, boolean writable)
      throws IOException {
    VarveIdentity own = LayerFiles.requireLayer((Qcow2Layer) chain.top(), layer.id());
    LayerFiles.requireLineage(chain);
    boolean asDisk = writable || layer.role() == NodeRole.ACTIVE;
    if (asDisk && own.role() != VarveIdentity.Role.ACTIVE) {
      throw new DamagedException(
          ProblemCode.FROZEN,
          chain.top().name() + " is frozen, but the catalog has it as a disk's active layer",
          "Run a rescan of the pool.");
    }
  }
}
