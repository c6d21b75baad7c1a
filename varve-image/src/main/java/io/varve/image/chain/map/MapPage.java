// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

/// 512 units of the map. Immutable, so that any thread reads it without a lock.
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
  private final long[] runs;
  private final boolean lasting;
  private final int epoch;
  private boolean used = true;

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
    this.runs = runs.length == 0 ? NO_RUNS : runs;
    this.lasting = lasting;
    this.epoch = epoch;
  }

  public long index() {
    return index;
  }

  public int top() {
    return top;
  }

  public long entry(int unit) {
    return entries[unit];
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
    return new MapPage(index, newTop, entries, runs, lasting, newEpoch);
  }

  /// What it takes in memory, bytes.
  public int bytes() {
    return OBJECTS + (UNITS + runs.length) * Long.BYTES;
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
