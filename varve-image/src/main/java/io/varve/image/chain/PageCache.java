// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.chain.map.MapPage;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Pages of the map in memory, under one bound for the whole chain. A page has its place in one of
/// a few neighbouring cells; reading takes no lock.
final class PageCache {
  private static final int WAYS = 8;
  private static final int SMALL_PAGE = 512;
  private static final int LEAST_CELLS = 8 * WAYS;

  private final AtomicReferenceArray<@Nullable MapPage> cells;
  private final int sets;
  private final long most;
  private long bytes;
  private int hand;

  /// @param most bytes of all pages together; a single page may exceed it
  PageCache(long most) {
    long cellsWanted = Math.clamp(most / SMALL_PAGE, LEAST_CELLS, 1 << 26);
    this.sets = Integer.highestOneBit((int) cellsWanted) / WAYS;
    this.cells = new AtomicReferenceArray<>(sets * WAYS);
    this.most = most;
  }

  @Nullable MapPage get(long index) {
    int first = firstCell(index);
    for (int i = first; i < first + WAYS; i++) {
      MapPage page = cells.getAcquire(i);
      if (page != null && page.index() == index) {
        page.touch();
        return page;
      }
    }
    return null;
  }

  private int firstCell(long index) {
    long mixed = index * 0x9e3779b97f4a7c15L;
    return ((int) (mixed >>> 40) & (sets - 1)) * WAYS;
  }

  /// Keeps a page, in the place of an older one with the same number.
  synchronized void put(MapPage page) {
    set(cellFor(page.index()), page);
    int looks = 2 * cells.length();
    while (bytes > most && looks-- > 0) {
      hand = hand + 1 == cells.length() ? 0 : hand + 1;
      MapPage old = cells.getPlain(hand);
      if (old != null && old != page && !old.takeUsed()) {
        set(hand, null);
      }
    }
  }

  private int cellFor(long index) {
    int first = firstCell(index);
    int free = -1;
    for (int i = first; i < first + WAYS; i++) {
      MapPage page = cells.getPlain(i);
      if (page == null) {
        free = i;
      } else if (page.index() == index) {
        return i;
      }
    }
    return free >= 0 ? free : idleCell(first);
  }

  private int idleCell(int first) {
    for (int i = first; i < first + WAYS; i++) {
      MapPage page = cells.getPlain(i);
      if (page == null || !page.takeUsed()) {
        return i;
      }
    }
    return first;
  }

  private void set(int cell, @Nullable MapPage page) {
    MapPage old = cells.getPlain(cell);
    bytes += (page == null ? 0 : page.bytes()) - (old == null ? 0 : old.bytes());
    cells.setRelease(cell, page);
  }

  synchronized void clear() {
    for (int i = 0; i < cells.length(); i++) {
      set(i, null);
    }
  }

  /// Bytes of the pages now.
  synchronized long bytes() {
    return bytes;
  }
}
