// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.ffi.FileStat;
import io.varve.image.BackingReference;
import io.varve.image.LayerFormat;
import io.varve.image.chain.map.FrozenLayer;
import io.varve.image.chain.map.FrozenMap;
import io.varve.image.chain.map.FrozenSource;
import io.varve.image.storage.FileState;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ForkJoinTask;
import org.jspecify.annotations.Nullable;

/// The side file of a family of layers, for readers: those layers of one folder that hang together,
/// each called `<layer id>.qcow2` and carrying that id in its header.
///
/// Two files: `<family>.map` has the records, `<family>-<generation>.pages` the pages. Readers need
/// no lock; a writer that appends at the same time is not in their way, one that makes the files
/// anew leaves them the old ones for as long as they have them open.
///
/// **Threads.** Any.
public final class FamilyMap implements FrozenSource {
  /// Chains of fewer layers are looked at by one thread.
  private static final int ALONE = 256;

  private final SideStores stores;
  private final UUID family;
  private final Path layers;

  /// @param folder of the side files; it may be missing
  /// @param layers the folder of the layers
  public FamilyMap(Path folder, UUID family, Path layers) {
    this(new FolderStores(folder), family, layers);
  }

  FamilyMap(SideStores stores, UUID family, Path layers) {
    this.stores = stores;
    this.family = family;
    this.layers = layers;
  }

  /// Deletes the side files of all families in a folder; a folder that is missing is empty.
  public static void dropAll(Path folder) throws IOException {
    new FolderStores(folder).sweep("", "", "");
  }

  SideStores stores() {
    return stores;
  }

  UUID family() {
    return family;
  }

  Path layers() {
    return layers;
  }

  String recordsName() {
    return family + ".map";
  }

  String pagesName(UUID generation) {
    return family + "-" + generation.toString().substring(0, 8) + ".pages";
  }

  @Override
  public @Nullable FrozenMap find(Path newest, LayerFormat format) throws IOException {
    Path folder = newest.toAbsolutePath().getParent();
    String name = String.valueOf(newest.getFileName());
    if (format != LayerFormat.QCOW2
        || folder == null
        || !folder.equals(layers.toAbsolutePath())
        || !name.endsWith(LayerFolder.SUFFIX)) {
      return null;
    }
    UUID layer;
    try {
      layer = UUID.fromString(name.substring(0, name.length() - LayerFolder.SUFFIX.length()));
    } catch (IllegalArgumentException _) {
      return null;
    }
    return LayerFolder.name(layer).equals(name) ? find(layer) : null;
  }

  /// The map of the chain beneath and including a frozen layer. Null if nothing is kept of it, or
  /// if a file of the chain is not as it was when that was made.
  public @Nullable FrozenMap find(UUID newest) {
    try (LayerFolder folder = LayerFolder.open(layers)) {
      return find(newest, folder);
    } catch (IOException _) {
      // A hint that cannot be read is none.
      return null;
    }
  }

  /// True if the chain beneath and including a frozen layer is known, and every file of it is as it
  /// was then.
  public boolean stands(UUID newest) {
    try (LayerFolder folder = LayerFolder.open(layers)) {
      Storage records = stores.open(recordsName(), false);
      if (records == null) {
        return false;
      }
      try (RecordLog log = RecordLog.open(records, family)) {
        LayerRecord top = log.slots().find(newest);
        List<LayerRecord> chain = top == null ? null : log.slots().chain(top);
        return chain != null && bound(chain, folder) != null;
      }
    } catch (IOException _) {
      return false;
    }
  }

  private @Nullable FrozenMap find(UUID newest, LayerFolder folder) throws IOException {
    Storage records = stores.open(recordsName(), false);
    if (records == null) {
      return null;
    }
    try (RecordLog log = RecordLog.open(records, family)) {
      LayerRecord top = log.slots().find(newest);
      List<LayerRecord> chain = top == null ? null : log.slots().chain(top);
      if (top == null || chain == null || !top.hasTree()) {
        return null;
      }
      List<FrozenLayer> rootFirst = bound(chain, folder);
      return rootFirst == null ? null : open(log, top, chain, rootFirst);
    }
  }

  /// The layers, the root first; null if a file is not as its record says. Of a long chain two
  /// threads look at one half each: that is most of what opening it takes.
  private @Nullable List<FrozenLayer> bound(List<LayerRecord> chain, LayerFolder folder)
      throws IOException {
    FrozenLayer[] rootFirst = new FrozenLayer[chain.size()];
    int half = chain.size() < ALONE ? 0 : chain.size() / 2;
    ForkJoinTask<Boolean> other =
        half == 0
            ? null
            : ForkJoinTask.adapt(() -> bound(chain, 0, half, folder, rootFirst)).fork();
    boolean right;
    try {
      right = bound(chain, half, chain.size(), folder, rootFirst);
    } finally {
      if (other != null) {
        other.quietlyJoin();
      }
    }
    if (other != null) {
      right &= other.isCompletedNormally() && other.join();
    }
    return right ? List.of(rootFirst) : null;
  }

  private boolean bound(
      List<LayerRecord> chain, int from, int to, LayerFolder folder, FrozenLayer[] rootFirst)
      throws IOException {
    for (int i = from; i < to; i++) {
      LayerRecord record = chain.get(i);
      FileStat stat = folder.look(record.layer());
      if (stat == null || !record.binding().fits(stat)) {
        return false;
      }
      String name = LayerFolder.name(record.layer());
      rootFirst[chain.size() - 1 - i] =
          new FrozenLayer(
              layers.resolve(name),
              LayerFormat.QCOW2,
              new BackingReference(name, LayerFormat.QCOW2.id()),
              record.size(),
              FileState.of(stat));
    }
    return true;
  }

  /// Damage was found: without the records nobody looks any more, and the next writer makes all
  /// anew. That takes no lock: a side file may be deleted at any time, also under a writer.
  private void discard() {
    try {
      stores.delete(recordsName());
    } catch (IOException _) {
      // Somebody else's pool: it stays as it is.
    }
  }

  private @Nullable FrozenMap open(
      RecordLog log, LayerRecord top, List<LayerRecord> chain, List<FrozenLayer> rootFirst)
      throws IOException {
    Storage storage = stores.open(pagesName(log.generation()), false);
    if (storage == null) {
      return null;
    }
    try {
      BlockFile blocks = BlockFile.open(storage, log.generation(), log.slots().blocks(), false);
      SidePages pages =
          new SidePages(log.slots(), top, chain, blocks, log.unitBits(), this::discard);
      return new FrozenMap(rootFirst, log.unitBits(), pages);
    } catch (IOException | RuntimeException e) {
      storage.close();
      throw e;
    }
  }
}
