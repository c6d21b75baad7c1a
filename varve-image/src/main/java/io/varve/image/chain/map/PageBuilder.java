// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

import static io.varve.image.chain.map.UnitRuns.OPEN;

import io.varve.image.CorruptImageException;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Makes one page: layers are laid newest first, each fills what those above it left open; a page
/// that is known already may fill the rest.
///
/// ```java
/// PageBuilder builder = new PageBuilder(index, unitBits, 7);
/// builder.lay(newest, 7);
/// builder.lay(next, 6);
/// builder.layPage(known); // what slots 0 to 5 hold
/// MapPage page = builder.build();
/// ```
///
/// A layer is asked once for each stretch of its own, not once for each unit.
///
/// **Threads.** One.
public final class PageBuilder {
  private final long index;
  private final int unitBits;
  private final int top;
  private final long start;
  private final long end;
  private final long[] units = new long[MapPage.UNITS];
  private @Nullable UnitRuns @Nullable [] mixed;
  private int firstOpen;
  private boolean lasting = true;

  /// @param top newest slot that the page will know
  public PageBuilder(long index, int unitBits, int top) {
    this.index = index;
    this.unitBits = unitBits;
    this.top = top;
    this.start = index << (unitBits + MapPage.UNIT_COUNT_BITS);
    this.end = start + ((long) MapPage.UNITS << unitBits);
    Arrays.fill(units, OPEN);
  }

  /// Guest offset of the first byte.
  public long start() {
    return start;
  }

  public long end() {
    return end;
  }

  /// The first offset at or after `at` that nothing has filled; [#end()] where all is filled.
  public long nextOpen(long at) {
    int unit = Math.max(unitOf(at), firstOpen);
    for (; unit < MapPage.UNITS; unit++) {
      long unitStart = start + ((long) unit << unitBits);
      if (units[unit] == OPEN) {
        return Math.max(at, unitStart);
      }
      UnitRuns runs = runsOf(unit);
      int open = runs == null ? unitBytes() : runs.nextOpen((int) Math.max(0, at - unitStart));
      if (open < unitBytes()) {
        return unitStart + open;
      }
    }
    return end;
  }

  /// True if nothing is open any more: no deeper layer shows.
  public boolean full() {
    while (firstOpen < MapPage.UNITS && units[firstOpen] != OPEN && !open(firstOpen)) {
      firstOpen++;
    }
    return firstOpen == MapPage.UNITS;
  }

  private boolean open(int unit) {
    UnitRuns runs = runsOf(unit);
    return runs != null && runs.nextOpen(0) < unitBytes();
  }

  /// Lays a layer: fills what is open and what it holds, and everything open behind its end with
  /// zeros of its own. What it cannot tell becomes ASK.
  ///
  /// @throws java.nio.channels.ClosedChannelException if the layer is closed
  public void lay(Layer layer, int slot) throws ClosedChannelException {
    lay(layer, slot, start, end);
  }

  /// As [#lay(Layer, int)], of a range of the page.
  public void lay(Layer layer, int slot, long from, long to) throws ClosedChannelException {
    long size = layer.size();
    long held = Math.min(to, size);
    if (layer.format() == LayerFormat.RAW) {
      fill(from, held, MapEntry.of(MapEntry.ASK, slot));
    } else {
      layIndex(layer, slot, from, held);
    }
    fill(Math.max(from, size), to, MapEntry.of(MapEntry.ZERO, slot));
  }

  private void layIndex(Layer layer, int slot, long from, long to) throws ClosedChannelException {
    long at = nextOpen(from);
    while (at < to) {
      LayerExtent extent;
      try {
        extent = layer.peek(GuestOffset.of(at), to - at);
      } catch (CorruptImageException e) {
        extent = null;
      } catch (ClosedChannelException e) {
        throw e;
      } catch (IOException e) {
        lasting = false;
        fill(at, to, MapEntry.of(MapEntry.ASK, slot));
        return;
      }
      if (extent == null) {
        // Damaged there: whoever reads it is to be told, and nobody else.
        long next = Math.min(to, (at / layer.clusterSize() + 1) * layer.clusterSize());
        fill(at, next, MapEntry.of(MapEntry.ASK, slot));
        at = nextOpen(next);
        continue;
      }
      if (extent.end() <= at) {
        throw new IllegalStateException(layer.name() + ": an extent without bytes at " + at);
      }
      put(layer, slot, extent);
      at = nextOpen(extent.end());
    }
  }

  private void put(Layer layer, int slot, LayerExtent extent) {
    long from = extent.start();
    long to = extent.end();
    switch (extent.kind()) {
      case NONE -> {}
      case ZERO -> fill(from, to, MapEntry.of(MapEntry.ZERO, slot));
      case COMPRESSED -> fill(from, to, MapEntry.of(MapEntry.COMPRESSED, slot));
      case ZERO_ALLOCATED ->
          fill(from, to, MapEntry.of(MapEntry.ZERO_ALLOCATED, slot, extent.hostOffset()));
      case DATA -> {
        boolean direct =
            layer.mappedStorage() != null && layer.mappedStorage(extent) == layer.mappedStorage();
        fill(
            from,
            to,
            direct
                ? MapEntry.of(MapEntry.DATA, slot, extent.hostOffset())
                : MapEntry.of(MapEntry.ASK, slot));
      }
    }
  }

  /// Decides what becomes of a stretch of a known page.
  @FunctionalInterface
  public interface Heir {
    /// Takes every stretch as it is.
    Heir SAME = (builder, from, to, entry) -> false;

    /// Fills `[from, to)` in another way than by `entry`; false to have it filled with that.
    boolean fill(PageBuilder builder, long from, long to, long entry) throws IOException;
  }

  /// Fills what is open with what `known` holds; both have the same index and unit.
  public void layPage(MapPage known) {
    try {
      layPage(known, Heir.SAME);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// As [#layPage(MapPage)], where some entries no longer hold. What the heir leaves open is held
  /// by no layer.
  public void layPage(MapPage known, Heir heir) throws IOException {
    lasting &= known.lasting();
    for (long at = nextOpen(start); at < end; ) {
      int unit = unitOf(at);
      long unitStart = start + ((long) unit << unitBits);
      long entry = known.entry(unit);
      long runStart = unitStart;
      long runEnd = unitStart + unitBytes();
      if (MapEntry.kind(entry) == MapEntry.MIXED) {
        int pair = known.runAt(entry, at - unitStart);
        runEnd = unitStart + known.runEnd(entry, pair, unitBytes());
        runStart = unitStart + known.runWord(pair);
        entry = known.runWord(pair + 1);
      }
      entry = MapEntry.advance(entry, at - runStart);
      fill(at, runEnd, heir.fill(this, at, runEnd, entry) ? 0 : entry);
      at = nextOpen(runEnd);
    }
  }

  /// Fills what is open in a range.
  ///
  /// @param entry of the range's first byte; its host offset advances along the range
  public void fill(long from, long to, long entry) {
    long at = Math.max(from, start);
    long until = Math.min(to, end);
    long bytes = unitBytes();
    while (at < until) {
      int unit = unitOf(at);
      long unitStart = start + ((long) unit << unitBits);
      long next = Math.min(until, unitStart + bytes);
      if (units[unit] == OPEN && next - at == bytes) {
        units[unit] = MapEntry.advance(entry, at - from);
      } else if (units[unit] == OPEN || runsOf(unit) != null) {
        long here = MapEntry.advance(entry, at - from);
        mix(unit).fill((int) (at - unitStart), (int) (next - unitStart), here);
      }
      at = next;
    }
  }

  private UnitRuns mix(int unit) {
    UnitRuns runs = runsOf(unit);
    if (runs == null) {
      runs = new UnitRuns(unitBytes(), OPEN);
      if (mixed == null) {
        mixed = new @Nullable UnitRuns[MapPage.UNITS];
      }
      mixed[unit] = runs;
      units[unit] = MapEntry.mixed(0);
    }
    return runs;
  }

  private @Nullable UnitRuns runsOf(int unit) {
    return mixed == null ? null : mixed[unit];
  }

  /// What nothing has filled is held by no layer.
  public MapPage build() {
    return build(0);
  }

  /// As [#build()], for a state of the chain ([MapPage#epoch()]).
  public MapPage build(int epoch) {
    long[] entries = new long[MapPage.UNITS];
    LongList lists = new LongList();
    for (int unit = 0; unit < MapPage.UNITS; unit++) {
      UnitRuns runs = runsOf(unit);
      long entry = units[unit];
      entries[unit] = runs != null ? store(runs, lists) : entry == OPEN ? 0 : entry;
    }
    return new MapPage(index, top, entries, lists.toArray(), lasting, epoch);
  }

  private static long store(UnitRuns runs, LongList lists) {
    if (runs.count() == 1) {
      return held(runs.entry(0));
    }
    if (runs.count() > MapPage.MAX_RUNS) {
      return MapEntry.of(MapEntry.ASK, runs.newestSlot());
    }
    long entry = MapEntry.mixed(lists.size());
    lists.add(runs.count());
    for (int i = 0; i < runs.count(); i++) {
      lists.add(runs.start(i));
      lists.add(held(runs.entry(i)));
    }
    return entry;
  }

  private static long held(long entry) {
    return entry == OPEN ? 0 : entry;
  }

  private int unitOf(long at) {
    return (int) ((Math.max(at, start) - start) >>> unitBits);
  }

  private int unitBytes() {
    return 1 << unitBits;
  }
}
