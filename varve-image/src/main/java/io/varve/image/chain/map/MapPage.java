// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

import org.jspecify.annotations.Nullable;

/// 512 units of the map. Immutable, so that any thread reads it without a lock.
///
/// Most pages of most disks are a few stretches that are alike: a page that is kept in memory has
/// one entry for each of these, with the unit where it begins ([#compact]).
///
/// A MIXED entry points into `runs`: one word with the number of runs n, then n pairs of (offset of
/// the run in its unit in bytes, its entry); the first offset is 0, offsets rise, a run ends where
/// the next begins, and the last ends with the unit. No run is MIXED. Host offsets of runs are
/// those of the run's own first byte.
public final class MapPage {
  /// log2 of the units of a page.
  public static final int UNIT_COUNT_BITS = 9;

  /// Units of a page.
  public static final int UNITS = 1 << UNIT_COUNT_BITS;

  /// Most runs of one unit; a unit with more is left to its layers (ASK).
  public static final int MAX_RUNS = 64;

  private static final long[] NO_RUNS = {};
  private static final int OBJECTS = 96;

  private final long index;
  private final int top;
  private final long[] entries;
  private final short @Nullable [] firsts;
  private final int unitBits;
  private final long[] runs;
  private final boolean lasting;
  private final int epoch;
  private boolean used;

  /// Takes the arrays over.
  ///
  /// @param index number of the page: its guest offset / (512 units)
  /// @param top newest slot that the page knows; layers above it are not in it yet
  public MapPage(long index, int top, long[] entries, long[] runs) {
    this(index, top, entries, runs, true, 0);
  }

  MapPage(long index, int top, long[] entries, long[] runs, boolean lasting, int epoch) {
    if (entries.length != UNITS) {
      throw new IllegalArgumentException("a page has " + UNITS + " entries");
    }
    this.index = index;
    this.top = top;
    this.entries = entries;
    this.firsts = null;
    this.unitBits = 0;
    this.runs = runs.length == 0 ? NO_RUNS : runs;
    this.lasting = lasting;
    this.epoch = epoch;
  }

  private MapPage(MapPage from, long[] entries, short @Nullable [] firsts, int unitBits) {
    this(from, entries, firsts, unitBits, from.top, from.epoch);
  }

  private MapPage(
      MapPage from, long[] entries, short @Nullable [] firsts, int unitBits, int top, int epoch) {
    this.index = from.index;
    this.top = top;
    this.entries = entries;
    this.firsts = firsts;
    this.unitBits = unitBits;
    this.runs = from.runs;
    this.lasting = from.lasting;
    this.epoch = epoch;
  }

  /// The same page in less memory, where that is worth it.
  public MapPage compact(int bits) {
    if (firsts != null) {
      return this;
    }
    int count = 0;
    for (int unit = 0; unit < UNITS; unit++) {
      count += begins(unit, bits) ? 1 : 0;
    }
    if (count > UNITS / 4) {
      return this;
    }
    long[] few = new long[count];
    short[] starts = new short[count];
    int at = 0;
    for (int unit = 0; unit < UNITS; unit++) {
      if (begins(unit, bits)) {
        few[at] = entries[unit];
        starts[at++] = (short) unit;
      }
    }
    return new MapPage(this, few, starts, bits);
  }

  private boolean begins(int unit, int bits) {
    return unit == 0 || entries[unit] != MapEntry.advance(entries[unit - 1], 1L << bits);
  }

  public long index() {
    return index;
  }

  public int top() {
    return top;
  }

  public long entry(int unit) {
    short[] starts = firsts;
    if (starts == null) {
      return entries[unit];
    }
    int low = 0;
    int high = starts.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (starts[middle] <= unit) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return MapEntry.advance(entries[low], (long) (unit - starts[low]) << unitBits);
  }

  /// Words of the lists of runs; 0 where every unit is uniform.
  public int runWords() {
    return runs.length;
  }

  /// A word of the lists of runs.
  public long runWord(int at) {
    return runs[at];
  }

  /// False where a layer could not be read while the page was made: it serves the read that asked
  /// and is then forgotten.
  public boolean lasting() {
    return lasting;
  }

  /// For which state of the chain the page holds; 0 for a page that nobody has looked at yet.
  public int epoch() {
    return epoch;
  }

  /// The same page for a state of the chain, of which `newTop` is the newest slot.
  public MapPage at(int newEpoch, int newTop) {
    return new MapPage(this, entries, firsts, unitBits, newTop, newEpoch);
  }

  /// What it takes in memory, bytes.
  public int bytes() {
    int starts = firsts == null ? 0 : 16 + firsts.length * Short.BYTES;
    return OBJECTS + starts + (entries.length + runs.length) * Long.BYTES;
  }

  /// Says that the page was of use. Not ordered among threads, which does no harm.
  public void touch() {
    if (!used) {
      used = true;
    }
  }

  /// True if the page was of use since this was asked last.
  public boolean takeUsed() {
    boolean was = used;
    used = false;
    return was;
  }

  /// The run of a MIXED unit that holds this offset: where its pair lies among the words of runs.
  public int runAt(long entry, long inUnit) {
    int at = MapEntry.runs(entry);
    int last = at + 1 + 2 * ((int) runs[at] - 1);
    int pair = at + 1;
    while (pair < last && runs[pair + 2] <= inUnit) {
      pair += 2;
    }
    return pair;
  }

  /// Where the run at `pair` ends in its unit.
  public long runEnd(long entry, int pair, long unitBytes) {
    int at = MapEntry.runs(entry);
    int last = at + 1 + 2 * ((int) runs[at] - 1);
    return pair < last ? runs[pair + 2] : unitBytes;
  }
}
