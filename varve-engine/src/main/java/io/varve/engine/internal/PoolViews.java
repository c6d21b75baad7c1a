// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.VarveException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.MemberRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.model.PoolView;
import io.varve.engine.model.StoreView;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.StorageCapabilities;
import io.varve.image.storage.StoreFacts;
import io.varve.image.storage.StoreProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes views of pools. A pool whose place is gone has a view all the same, with a problem.
final class PoolViews {
  private final Context context;

  PoolViews(Context context) {
    this.context = context;
  }

  /// @param probe try out what the store can do
  PoolView view(PoolRow row, boolean probe) {
    PoolSite site = new PoolSite(row);
    String problem = null;
    StoreView store = null;
    try {
      site.requirePresent();
      store = probe ? probe(site) : null;
    } catch (IOException | VarveException e) {
      problem = Problems.of(e).getMessage();
    }
    String found = problem;
    StoreView facts = store;
    List<LayerRow> layers = context.read(tx -> tx.layersOfPool(row.id()));
    long allocated = problem == null ? allocated(site, layers) : 0;
    return context.read(tx -> view(tx, row, layers.size(), allocated, facts, found));
  }

  private static PoolView view(
      CatalogTx tx,
      PoolRow row,
      int layers,
      long allocated,
      @Nullable StoreView store,
      @Nullable String problem) {
    List<MemberRow> members = tx.members(row.id());
    return new PoolView(
        row.id(),
        row.name(),
        Path.of(row.path()),
        row.kind(),
        row.profile(),
        names(members, MemberRow.Role.HOST),
        names(members, MemberRow.Role.WITNESS),
        store,
        Policy.verdicts(tx, row),
        tx.disksOfPool(row.id()).size(),
        tx.countSnapshots(row.id()),
        layers,
        allocated,
        problem);
  }

  private static List<String> names(List<MemberRow> members, MemberRow.Role role) {
    return members.stream().filter(m -> m.role() == role).map(MemberRow::name).toList();
  }

  private static long allocated(PoolSite site, List<LayerRow> layers) {
    long sum = 0;
    for (LayerRow layer : layers) {
      try (FileStorage file =
          FileStorage.open(site.file(layer), FileAccess.READ_ONLY, LockMode.NONE)) {
        sum += file.allocatedBytes();
      } catch (IOException _) {
        // A missing file takes no space; the view of its disk says that it is missing.
        sum += 0;
      }
    }
    return sum;
  }

  private static StoreView probe(PoolSite site) throws IOException {
    if (!Files.isDirectory(site.folder())) {
      return device(site.root());
    }
    StoreFacts facts = StoreProbe.probe(site.folder());
    return new StoreView(
        facts.fileSystem(),
        facts.punch(),
        facts.reflink(),
        facts.directIo(),
        facts.sparse(),
        facts.locks(),
        facts.blockSize(),
        facts.totalBytes(),
        facts.freeBytes());
  }

  private static StoreView device(Path path) throws IOException {
    try (FileStorage file = FileStorage.open(path, FileAccess.READ_ONLY, LockMode.NONE)) {
      StorageCapabilities can = file.capabilities();
      return new StoreView(
          "block device",
          can.punch(),
          can.reflink(),
          false,
          can.sparse(),
          true,
          512,
          file.size(),
          0);
    }
  }
}
