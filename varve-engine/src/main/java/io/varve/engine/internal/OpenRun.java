// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DamagedException;
import io.varve.engine.ProblemCode;
import io.varve.engine.catalog.LayerRow;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.op.ClusterMerge;
import io.varve.image.op.LayerMerge;
import io.varve.image.op.MergeCost;
import io.varve.image.op.UnitMerge;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The open layers of a run that is merged, or looked at.
final class OpenRun implements AutoCloseable {
  private static final long CACHE_ALL = 256L << 20;
  private static final long CACHE_MOST = 32L << 20;
  private static final long CACHE_LEAST = 256L << 10;

  private final PoolSite site;
  private final List<LayerRow> rows;
  private final List<FileStorage> claims = new ArrayList<>();
  private final List<Qcow2Layer> layers = new ArrayList<>();
  private @Nullable Chain below;
  private long beneath;
  private int keeper;
  private SideMaps.@Nullable Change change;

  private OpenRun(PoolSite site, Fates.Run run) {
    this.site = site;
    this.rows = run.rows();
  }

  /// Keeps every writer, and every other merge, away from the layers; readers of the disk may come
  /// and go. Who still reads a state that goes with the merge is waited for.
  ///
  /// @throws io.varve.image.ImageInUseException if one of them is at work
  static OpenRun claim(PoolSite site, Fates.Run run, SideMaps maps) throws IOException {
    OpenRun open = new OpenRun(site, run);
    try {
      for (LayerRow row : open.rows) {
        LockMode lock = open.claims.isEmpty() ? LockMode.FILLER : LockMode.ABSORBER;
        open.claims.add(FileStorage.open(site.file(row), FileAccess.READ_ONLY, lock));
      }
      // From here on nobody else writes to them: what is right of them now stays right.
      List<UUID> ids = open.rows.stream().map(LayerRow::id).toList();
      open.change = maps.before(site, open.rows.getFirst().family(), ids);
      return open;
    } catch (IOException | RuntimeException e) {
      open.close();
      throw e;
    }
  }

  /// Keeps every writer away from the uppermost, and merges from the others, which stay as they are
  /// for all who read them.
  ///
  /// @throws io.varve.image.ImageInUseException if someone is at work on one of them
  static OpenRun claimReader(PoolSite site, Fates.Run run) throws IOException {
    OpenRun open = new OpenRun(site, run);
    try {
      for (LayerRow row : open.rows) {
        LockMode lock = open.claims.isEmpty() ? LockMode.FILLER : LockMode.STATE_READER;
        open.claims.add(FileStorage.open(site.file(row), FileAccess.READ_ONLY, lock));
      }
      return open;
    } catch (IOException | RuntimeException e) {
      open.close();
      throw e;
    }
  }

  /// As [#look], for a merge up into the uppermost.
  static OpenRun lookUp(PoolSite site, Fates.Run run) throws IOException {
    OpenRun open = look(site, run);
    open.keeper = 0;
    return open;
  }

  /// Tells the side file that the merge is done.
  void merged() {
    SideMaps.Change begun = change;
    if (begun != null) {
      List<UUID> ids = rows.stream().map(LayerRow::id).toList();
      begun.merged(ids.subList(1, ids.size()), ids.getFirst());
    }
  }

  /// Opens the layers beside whoever uses them, to know what a merge would cost.
  static OpenRun look(PoolSite site, Fates.Run run) throws IOException {
    OpenRun open = new OpenRun(site, run);
    try {
      open.openLayers();
      return open;
    } catch (IOException | RuntimeException e) {
      open.close();
      throw e;
    }
  }

  /// Opens the layers of a claimed run, and the one that stays for writing.
  ///
  /// @param wanted index of the one that stays, or -1 for the cheapest
  void begin(int wanted) throws IOException {
    openLayers();
    if (wanted >= 0) {
      keeper = wanted;
    }
    Qcow2Layer kept = layers.get(keeper);
    kept.close();
    FileStorage file = LayerFiles.unfrozen(site.file(rows.get(keeper)), LockMode.NONE);
    layers.set(keeper, Qcow2Layer.open(file, options(Qcow2Options.readWrite())));
  }

  private void openLayers() throws IOException {
    for (LayerRow row : rows) {
      FileStorage file =
          FileStorage.open(site.file(row), FileAccess.READ_ONLY, LockMode.FORCE_SHARE);
      layers.add(Qcow2Layer.open(file, options(Qcow2Options.readOnly())));
    }
    requireLineage();
    openBeneath();
    keeper = exact() ? cheapest() : 0;
  }

  private Qcow2Options options(Qcow2Options from) {
    return from.withRequireWhole(true)
        .withCacheBytes(Math.clamp(CACHE_ALL / rows.size(), CACHE_LEAST, CACHE_MOST));
  }

  private void openBeneath() throws IOException {
    UUID parent = rows.getLast().parent();
    if (parent == null) {
      return;
    }
    Path file = site.file(PoolSite.fileName(parent));
    if (exact()) {
      try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
        beneath =
            LayerFiles.requireLayer(layer, parent).layerId().equals(parent) ? layer.size() : 0;
      }
      return;
    }
    ChainOptions options =
        ChainOptions.readOnly(site.gate())
            .withMaxDepth(Sources.MAX_DEPTH)
            .withRequireWhole(true)
            .withCacheBytes(CACHE_LEAST);
    Chain chain = Chain.open(file, LayerFormat.QCOW2, options);
    below = chain;
    LayerFiles.requireLineage(chain);
    beneath = chain.size();
  }

  /// The files are what the catalog says, each on the next.
  private void requireLineage() throws IOException {
    for (int i = 0; i < rows.size(); i++) {
      VarveIdentity own = LayerFiles.requireLayer(layers.get(i), rows.get(i).id());
      if (!Objects.equals(own.parentId(), rows.get(i).parent())) {
        throw new DamagedException(
            ProblemCode.FOREIGN_FILE,
            "%s stands on layer %s, but the catalog has %s beneath it"
                .formatted(layers.get(i).name(), own.parentId(), rows.get(i).parent()),
            "Run a rescan of the pool.");
      }
    }
  }

  private boolean exact() throws IOException {
    return ClusterMerge.possible(layers);
  }

  /// A layer takes the place of the uppermost only if it belongs to the same user: a VM has to be
  /// able to open it as before.
  private int cheapest() throws IOException {
    int best = ClusterMerge.cheapestKeeper(layers);
    return best > 0 && owner(best).equals(owner(0)) ? best : 0;
  }

  private String owner(int index) throws IOException {
    Path file = site.file(rows.get(index));
    return Files.getAttribute(file, "unix:uid") + ":" + Files.getAttribute(file, "unix:gid");
  }

  /// The merge of the open layers.
  LayerMerge merge() throws IOException {
    if (exact()) {
      return ClusterMerge.of(layers, keeper, beneath);
    }
    List<Layer> all = new ArrayList<>(layers);
    if (below != null) {
      all.addAll(below.layers());
    }
    return UnitMerge.of(Chain.of(all), layers, beneath);
  }

  /// What the merge would free: the files that go, less what the one that stays grows by.
  long freed(MergeCost cost) throws IOException {
    long bytes = -cost.grownBytes();
    for (int i = 0; i < rows.size(); i++) {
      bytes += i == keeper ? 0 : layers.get(i).storage().allocatedBytes();
    }
    return bytes;
  }

  /// Bytes that the store spends on all of them.
  long allocatedBytes() throws IOException {
    long bytes = 0;
    for (Qcow2Layer layer : layers) {
      bytes += layer.storage().allocatedBytes();
    }
    return bytes;
  }

  /// The reader first.
  List<LayerRow> rows() {
    return rows;
  }

  LayerRow top() {
    return rows.getFirst();
  }

  Qcow2Layer topLayer() {
    return layers.getFirst();
  }

  Qcow2Layer bottomLayer() {
    return layers.getLast();
  }

  int keeper() {
    return keeper;
  }

  Qcow2Layer keptLayer() {
    return layers.get(keeper);
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    List<Closeable> all = new ArrayList<>(layers);
    if (below != null) {
      all.add(below);
    }
    all.addAll(claims);
    for (Closeable one : all) {
      try {
        one.close();
      } catch (IOException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
