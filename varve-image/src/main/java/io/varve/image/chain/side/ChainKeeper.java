// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Brings a chain into the side file: looks for the newest layer beneath it that is kept and right,
/// and lays what lies above, batch by batch, so that neither descriptors nor memory grow with the
/// depth.
///
/// **Threads.** One.
final class ChainKeeper {
  /// Layers that are open at once.
  private static final int BATCH = 128;

  /// Far above what is ever made; a chain that seems longer goes round in a circle.
  private static final int MAX_DEPTH = 1 << 14;

  private static final int LEAST_UNIT_BITS = 12;
  private static final int MOST_UNIT_BITS = 21;

  private final FamilyMapWriter writer;
  private final LayerFolder folder;
  private final long mostPages;

  /// To be laid, the newest first; null where a record is to be made too.
  private record Step(UUID id, @Nullable LayerRecord known) {}

  private final List<Step> above = new ArrayList<>();

  ChainKeeper(FamilyMapWriter writer, LayerFolder folder, long mostPages) {
    this.writer = writer;
    this.folder = folder;
    this.mostPages = mostPages;
  }

  void keep(UUID newest) throws IOException {
    LayerRecord base = lookDown(newest);
    if (base != null && above.isEmpty()) {
      SlotTable slots = slots();
      if (FamilyMapWriter.lag(slots, base) <= FamilyMapWriter.LAG) {
        return;
      }
    }
    TreeBatch.Tree tree = base == null ? null : treeOf(base);
    LayerRecord parent = base;
    int next = above.size() - 1;
    while (next >= 0) {
      List<OpenedLayer> opened = new ArrayList<>();
      try {
        next = open(next, tree == null ? 1 : BATCH, opened);
        Done done = lay(opened, next + opened.size(), parent, tree);
        tree = done.tree;
        parent = done.newest;
      } finally {
        for (OpenedLayer each : opened) {
          each.close();
        }
      }
    }
  }

  private SlotTable slots() {
    SlotTable slots = writer.slots();
    if (slots == null) {
      throw new IllegalStateException("no side file");
    }
    return slots;
  }

  /// Notes what is not kept, from the newest layer down to the first that is; null if none is.
  private @Nullable LayerRecord lookDown(UUID newest) throws IOException {
    UUID at = newest;
    while (at != null) {
      SlotTable slots = writer.slots();
      LayerRecord known = slots == null ? null : writer.usable(slots, at);
      if (known != null) {
        return known;
      }
      if (above.size() >= MAX_DEPTH) {
        throw new IOException(at + ": the chain does not end");
      }
      above.add(new Step(at, null));
      try (OpenedLayer opened = OpenedLayer.open(folder, at)) {
        at = opened.parent();
      }
    }
    return null;
  }

  /// The tree that a record has; layers of the record's chain that it does not know join those to
  /// be laid.
  private TreeBatch.Tree treeOf(LayerRecord base) throws IOException {
    SlotTable slots = slots();
    List<LayerRecord> chain = slots.chain(base);
    int lag = FamilyMapWriter.lag(slots, base);
    if (chain == null || lag > chain.size()) {
      throw new SideFileDamage("no tree for layer " + base.layer());
    }
    if (lag == chain.size()) {
      // The root has taken in the layer above it, and the tree knows neither as it is now.
      LayerRecord root = chain.getLast();
      lag--;
      chain.subList(0, lag).forEach(each -> above.add(new Step(each.layer(), each)));
      return TreeBatch.ofRoot(root.slot(), root.size(), files().unitBits());
    }
    chain.subList(0, lag).forEach(each -> above.add(new Step(each.layer(), each)));
    long end = slots.layer(base.treeTop()).size();
    return new TreeBatch.Tree(base.root(), base.height(), base.treeTop(), end);
  }

  private SideFiles files() throws IOException {
    return writer.files(LEAST_UNIT_BITS);
  }

  /// Opens layers of one size, from that place in `above` on. Returns the place of the next one.
  private int open(int from, int most, List<OpenedLayer> opened) throws IOException {
    int next = from;
    while (next >= 0 && opened.size() < most) {
      OpenedLayer layer = OpenedLayer.open(folder, above.get(next).id);
      if (!opened.isEmpty() && layer.size() != opened.getFirst().size()) {
        layer.close();
        break;
      }
      opened.add(layer);
      next--;
    }
    return next;
  }

  /// Set once a batch was too much: the layers above it are noted, and laid another time.
  private boolean lagging;

  private record Done(TreeBatch.@Nullable Tree tree, LayerRecord newest) {}

  /// @param first place of the first of these layers in `above`
  private Done lay(
      List<OpenedLayer> opened,
      int first,
      @Nullable LayerRecord parent,
      TreeBatch.@Nullable Tree tree)
      throws IOException {
    SideFiles files = writer.files(unitBits(opened.getFirst()));
    int slot = files.slots().size();
    List<TreeBatch.Laid> laid = new ArrayList<>();
    for (int i = 0; i < opened.size(); i++) {
      LayerRecord known = above.get(first - i).known;
      laid.add(new TreeBatch.Laid(opened.get(i).layer(), known == null ? slot++ : known.slot()));
    }
    TreeBatch.Tree base = tree;
    TreeBatch.Tree made;
    if (base == null) {
      base = TreeBatch.ofRoot(laid.getFirst().slot(), opened.getFirst().size(), files.unitBits());
      made = base;
    } else {
      made =
          lagging
              ? null
              : new TreeBatch(files.blocks(), files.unitBits(), base, laid).run(mostPages);
      lagging = made == null;
    }
    for (OpenedLayer each : opened) {
      each.requireUnchanged(folder);
    }
    List<LayerRecord> records = new ArrayList<>();
    LayerRecord newest = parent;
    for (int i = 0; i < opened.size(); i++) {
      LayerRecord known = above.get(first - i).known;
      boolean last = i == opened.size() - 1;
      TreeBatch.Tree own = last && made != null ? made : base;
      int other = known != null ? known.other() : newest == null ? -1 : newest.slot();
      newest = record(opened.get(i), laid.get(i).slot(), other, own);
      if (known == null || (last && made != null)) {
        records.add(newest);
      }
    }
    files.append(records);
    if (newest == null) {
      throw new IllegalArgumentException("no layers");
    }
    return new Done(made == null ? base : made, newest);
  }

  private static LayerRecord record(OpenedLayer opened, int slot, int other, TreeBatch.Tree tree) {
    return new LayerRecord(
        LayerRecord.LAYER,
        slot,
        other,
        tree.top(),
        tree.height(),
        tree.root(),
        opened.id(),
        opened.size(),
        opened.binding(),
        0);
  }

  private static int unitBits(OpenedLayer layer) {
    int bits = Integer.numberOfTrailingZeros(layer.layer().clusterSize());
    return Math.clamp(bits, LEAST_UNIT_BITS, MOST_UNIT_BITS);
  }
}
