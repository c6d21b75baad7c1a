// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.chain.map.MapPage;
import io.varve.image.chain.map.PageSource;
import io.varve.image.chain.map.Stretch;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The pages of one chain's map: in memory, kept by somebody, or made from the layers when they are
/// first needed.
///
/// **Threads.** Any. A page that is in memory is found without a lock; one thread makes a page, and
/// others that need it wait.
final class PathMap {
  private static final int STRIPES = 64;

  private final int unitBits;
  private final int least;
  private final long cacheBytes;
  private final PageSource source;
  private final PageCache cache;
  private final Object[] making = new Object[STRIPES];

  /// @param unitBits log2 of the bytes of a unit
  /// @param least number of frozen layers from which on the map is used
  PathMap(int unitBits, int least, long cacheBytes, PageSource source) {
    this.unitBits = unitBits;
    this.least = least;
    this.cacheBytes = cacheBytes;
    this.source = source;
    this.cache = new PageCache(cacheBytes);
    for (int i = 0; i < STRIPES; i++) {
      making[i] = new Object();
    }
  }

  /// An empty map of the same kind, for a part of the layers.
  PathMap alone() {
    return new PathMap(unitBits, least, cacheBytes / 4, PageSource.NONE);
  }

  PageSource source() {
    return source;
  }

  /// True if the map is of use: asking one or two layers costs no more, and what may change is not
  /// kept.
  boolean serves(FrozenPath path) {
    return path.length() >= least && !path.changing();
  }

  /// What the map says at a guest offset; null if it knows of a later state than `path`, which the
  /// caller then reads anew.
  ///
  /// @param most where to stop looking
  @Nullable Stretch at(FrozenPath path, long position, long most) throws IOException {
    long index = position >>> (unitBits + MapPage.UNIT_COUNT_BITS);
    MapPage page = cache.get(index);
    if (page == null || page.epoch() != path.epoch()) {
      page = load(path, index);
      if (page.epoch() != path.epoch()) {
        return null;
      }
    }
    return Stretch.at(page, unitBits, position, most);
  }

  private MapPage load(FrozenPath path, long index) throws IOException {
    synchronized (making[Long.hashCode(index) & (STRIPES - 1)]) {
      MapPage known = cache.get(index);
      if (known != null && known.epoch() >= path.epoch()) {
        return known;
      }
      if (known == null || !path.canUse(known)) {
        known = path.sourceUsable() ? source.load(index) : null;
        known = known != null && path.canUse(known) ? known : null;
      }
      MapPage made = path.make(index, unitBits, known).compact(unitBits);
      if (made.lasting()) {
        cache.put(made);
      }
      return made;
    }
  }

  /// Most bytes of pages in memory.
  long bound() {
    return cacheBytes;
  }

  /// Bytes of the pages in memory.
  long bytes() {
    return cache.bytes();
  }
}
