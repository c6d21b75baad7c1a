// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.chain.map.MapEntry;
import io.varve.image.chain.map.MapPage;
import io.varve.image.chain.map.PageSource;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The pages of one chain out of a side file. The first block that is not as it should be ends it:
/// from then on it knows nothing.
///
/// **Threads.** Any, at the same time.
final class SidePages implements PageSource, SlotView {
  private final BlockFile blocks;
  private final TreeReader tree;
  private final PageCodec codec;
  private final LayerRecord newest;
  private final int unitBits;
  private final int[] places;
  private final int top;
  private final long end;
  private final boolean alone;
  private final Runnable onDamage;
  private volatile boolean broken;

  /// @param chain the layers, the newest first
  /// @param onDamage called once a block is found damaged, perhaps by several threads
  SidePages(
      SlotTable slots,
      LayerRecord newest,
      List<LayerRecord> chain,
      BlockFile blocks,
      int unitBits,
      Runnable onDamage) {
    this.onDamage = onDamage;
    this.blocks = blocks;
    this.tree = new TreeReader(blocks, unitBits);
    this.codec = new PageCodec(blocks, unitBits);
    this.newest = newest;
    this.unitBits = unitBits;
    this.places = places(slots, chain);
    int known = places[newest.treeTop()];
    if (known == UNKNOWN) {
      this.broken = true;
    }
    // Of a layer that has taken in the newest one of the tree, the tree knows only the other part.
    int moved = known < 0 && known != UNKNOWN ? -2 - known : known;
    this.alone = known < 0 && moved < 0;
    this.top = Math.max(0, moved);
    this.end = slots.layer(newest.treeTop()).size();
  }

  /// For each slot of the file its number in the chain, the root being 0, as [SlotView#of] says.
  private static int[] places(SlotTable slots, List<LayerRecord> chain) {
    int[] places = new int[slots.size()];
    Arrays.fill(places, UNKNOWN);
    for (int i = 0; i < chain.size(); i++) {
      places[chain.get(i).slot()] = chain.size() - 1 - i;
    }
    for (int slot = 0; slot < places.length; slot++) {
      int into = slots.live(slot) ? -1 : slots.resolve(slot);
      if (into >= 0 && places[into] >= 0) {
        places[slot] = -1 - places[into];
      }
    }
    return places;
  }

  @Override
  public int of(int slot) {
    return slot < places.length ? places[slot] : UNKNOWN;
  }

  @Override
  public @Nullable MapPage load(long index) {
    if (broken) {
      return null;
    }
    try {
      return page(index);
    } catch (SideFileDamage _) {
      broken = true;
      onDamage.run();
    } catch (IOException _) {
      broken = true;
    }
    return null;
  }

  private MapPage page(long index) throws IOException {
    if (alone) {
      // The root has taken in the layer above it: whatever the tree says, it is the root's.
      return all(index, MapEntry.of(MapEntry.ASK, 0));
    }
    if (index * MapPage.UNITS << unitBits >= end) {
      return all(index, MapEntry.of(MapEntry.ZERO, top));
    }
    long[] words = tree.page(newest.root(), newest.height(), index);
    return codec.decode(index, words, this, end, top);
  }

  private MapPage all(long index, long entry) {
    long[] entries = new long[MapPage.UNITS];
    Arrays.fill(entries, entry);
    return new MapPage(index, top, entries, new long[0]);
  }

  @Override
  public void close() throws IOException {
    broken = true;
    blocks.close();
  }
}
