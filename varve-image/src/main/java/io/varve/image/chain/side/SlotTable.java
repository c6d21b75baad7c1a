// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.chain.map.MapEntry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What the records of a file say together: for each slot its newest record, or what became of it.
/// A slot that was merged away or removed never comes back, so that "merged into" cannot go round
/// in a circle.
///
/// **Threads.** One at a time.
final class SlotTable {
  private final List<LayerRecord> layers = new ArrayList<>();
  private int[] into = new int[64];
  private long blocks = 1;
  private int dead;

  private static final int HERE = -1;
  private static final int GONE = -2;

  /// Takes a record in; false, and nothing changed, if it contradicts those before it.
  boolean apply(LayerRecord record) {
    boolean right =
        record.blocks() >= blocks
            && record.blocks() <= SideWord.MAX_BLOCKS
            && switch (record.type()) {
              case LayerRecord.LAYER -> applyLayer(record);
              case LayerRecord.MOVED ->
                  live(record.slot())
                      && live(record.other())
                      && record.slot() != record.other()
                      && end(record.slot(), record.other());
              case LayerRecord.GONE -> live(record.slot()) && end(record.slot(), GONE);
              default -> false;
            };
    if (right) {
      blocks = record.blocks();
    }
    return right;
  }

  private boolean applyLayer(LayerRecord record) {
    int slot = record.slot();
    int known = layers.size();
    if (slot < 0 || slot > known || slot >= MapEntry.MAX_SLOTS || (slot < known && !live(slot))) {
      return false;
    }
    if (record.other() < -1 || record.other() >= known || record.other() == slot) {
      return false;
    }
    if (record.size() < 0
        || record.treeTop() < -1
        || record.treeTop() > Math.max(slot, known - 1)) {
      return false;
    }
    if (record.hasTree() && !treeFits(record)) {
      return false;
    }
    if (slot < known) {
      layers.set(slot, record);
      return true;
    }
    if (slot == into.length) {
      into = Arrays.copyOf(into, 2 * slot);
    }
    into[slot] = HERE;
    layers.add(record);
    return true;
  }

  private static boolean treeFits(LayerRecord record) {
    return record.height() >= TreeReader.MIN_HEIGHT
        && record.height() <= TreeReader.MAX_HEIGHT
        && SideWord.kind(record.root()) != SideWord.RUNS;
  }

  private boolean end(int slot, int how) {
    into[slot] = how;
    dead++;
    return true;
  }

  boolean live(int slot) {
    return slot >= 0 && slot < layers.size() && into[slot] == HERE;
  }

  /// The live slot that answers for this one now; -1 if none does.
  int resolve(int slot) {
    int at = slot;
    while (at >= 0 && at < layers.size() && into[at] != HERE) {
      // Each step leads to a slot that outlived this one, so it ends.
      at = into[at];
    }
    return at >= 0 && at < layers.size() ? at : -1;
  }

  /// The newest record of a slot, dead or not.
  LayerRecord layer(int slot) {
    return layers.get(slot);
  }

  /// The live record of a layer, or null.
  @Nullable LayerRecord find(UUID layer) {
    for (int slot = layers.size() - 1; slot >= 0; slot--) {
      if (into[slot] == HERE && layers.get(slot).layer().equals(layer)) {
        return layers.get(slot);
      }
    }
    return null;
  }

  /// The layers from this one down to its root; null if the records do not lead there.
  @Nullable List<LayerRecord> chain(LayerRecord newest) {
    List<LayerRecord> chain = new ArrayList<>();
    LayerRecord at = newest;
    while (chain.size() < layers.size()) {
      chain.add(at);
      if (at.other() < 0) {
        return chain;
      }
      int parent = resolve(at.other());
      if (parent < 0) {
        return null;
      }
      at = layers.get(parent);
    }
    return null;
  }

  /// Slots given out so far.
  int size() {
    return layers.size();
  }

  /// Slots whose layers are gone or merged away.
  int dead() {
    return dead;
  }

  /// Blocks of the pages file that the records need.
  long blocks() {
    return blocks;
  }
}
