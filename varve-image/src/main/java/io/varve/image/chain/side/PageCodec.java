// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.chain.map.MapEntry;
import io.varve.image.chain.map.MapPage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Turns the words of a page into a page of the map and back (spec: "Runs").
final class PageCodec {
  /// Runs that fit one block; a unit with more is left to its layers.
  static final int MAX_RUNS = 50;

  private static final int OFFSETS = 2;
  private static final int ENTRIES = 104;

  private final BlockFile blocks;
  private final int unitBits;

  PageCodec(BlockFile blocks, int unitBits) {
    this.blocks = blocks;
    this.unitBits = unitBits;
  }

  /// The page that these words say.
  ///
  /// @param end guest offset behind which all is zero, because the newest layer ends there
  /// @param top that layer, in the reader's numbers
  MapPage decode(long page, long[] words, SlotView slots, long end, int top) throws IOException {
    long[] entries = new long[MapPage.UNITS];
    long[] runs = new long[0];
    int used = 0;
    long at = page * MapPage.UNITS << unitBits;
    for (int i = 0; i < entries.length; i++, at += 1L << unitBits) {
      long word = words[i];
      if (at >= end) {
        entries[i] = MapEntry.of(MapEntry.ZERO, top);
      } else if (SideWord.kind(word) != SideWord.RUNS) {
        entries[i] = translated(word, slots);
      } else {
        long[] list = runs(word, slots);
        if (used + list.length > runs.length) {
          runs = Arrays.copyOf(runs, Math.max(2 * runs.length, used + list.length));
        }
        System.arraycopy(list, 0, runs, used, list.length);
        entries[i] = MapEntry.of(MapEntry.MIXED, 0) | used;
        used += list.length;
      }
    }
    return new MapPage(page, top, entries, Arrays.copyOf(runs, used));
  }

  private static long translated(long entry, SlotView slots) throws IOException {
    if (MapEntry.kind(entry) == MapEntry.NONE) {
      return 0;
    }
    int slot = slots.of(MapEntry.slot(entry));
    if (slot == SlotView.UNKNOWN) {
      throw new SideFileDamage("an entry names slot " + MapEntry.slot(entry));
    }
    return slot >= 0 ? MapEntry.withSlot(entry, slot) : MapEntry.of(MapEntry.ASK, -1 - slot);
  }

  /// The list of runs as a page keeps it: their number, then pairs of offset and entry.
  private long[] runs(long word, SlotView slots) throws IOException {
    ByteBuffer block = blocks.readBlock(word);
    int count = block.getShort(0);
    if (count < 1 || count > MAX_RUNS) {
      throw new SideFileDamage("%d runs in block %d".formatted(count, SideWord.block(word)));
    }
    long[] list = new long[1 + 2 * count];
    list[0] = count;
    long before = -1;
    for (int i = 0; i < count; i++) {
      long offset =
          (long) Short.toUnsignedInt(block.getShort(OFFSETS + Short.BYTES * i)) * MapEntry.SECTOR;
      long entry = block.getLong(ENTRIES + Long.BYTES * i);
      boolean right = i == 0 ? offset == 0 : offset > before && offset < 1L << unitBits;
      if (!right || SideWord.isReference(entry)) {
        throw new SideFileDamage("run %d in block %d".formatted(i, SideWord.block(word)));
      }
      list[1 + 2 * i] = offset;
      list[2 + 2 * i] = translated(entry, slots);
      before = offset;
    }
    return list;
  }

  /// The words that say a page; those that did not change are kept.
  ///
  /// @param before the words of the page before
  /// @param slot of the newest layer, to be asked where a unit has too many runs
  /// @param end as in [#decode]: words of units behind it are kept
  long[] encode(MapPage page, long[] before, int slot, long end) throws IOException {
    long[] words = new long[MapPage.UNITS];
    long at = page.index() * MapPage.UNITS << unitBits;
    for (int i = 0; i < words.length; i++, at += 1L << unitBits) {
      long entry = page.entry(i);
      if (at >= end) {
        words[i] = before[i];
      } else if (MapEntry.kind(entry) == MapEntry.MIXED) {
        words[i] = encode(page, MapEntry.runs(entry), before[i], slot);
      } else {
        words[i] = entry;
      }
    }
    return words;
  }

  private long encode(MapPage page, int at, long before, int slot) throws IOException {
    int count = (int) page.runWord(at);
    if (count > MAX_RUNS) {
      return MapEntry.of(MapEntry.ASK, slot);
    }
    ByteBuffer block = ByteBuffer.allocate(BlockFile.BLOCK);
    block.putShort(0, (short) count);
    for (int i = 0; i < count; i++) {
      long offset = page.runWord(at + 1 + 2 * i);
      block.putShort(OFFSETS + Short.BYTES * i, (short) (offset / MapEntry.SECTOR));
      block.putLong(ENTRIES + Long.BYTES * i, page.runWord(at + 2 + 2 * i));
    }
    boolean same =
        SideWord.kind(before) == SideWord.RUNS
            && SideWord.crc(before) == BlockFile.crc(block, BlockFile.BLOCK)
            && block.equals(blocks.readBlock(before).clear());
    return same ? before : blocks.append(SideWord.RUNS, block);
  }
}
