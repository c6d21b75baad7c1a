// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

/// An entry of the map, as a `long`:
///
/// | bits | field |
/// |---|---|
/// | 61-63 | kind |
/// | 41-60 | slot of the answering layer (20 bits), 0 for [#NONE] and [#MIXED] |
/// | 0-40 | [#DATA], [#ZERO_ALLOCATED]: host offset / 512; [#MIXED]: index into the page's runs; else 0 |
///
/// What does not fit (a host offset of 1 PiB and more, or off the 512-byte grid) becomes [#ASK]. An
/// entry of all zeros says that no layer holds anything.
public final class MapEntry {
  /// No frozen layer holds anything: zeros.
  public static final int NONE = 0;

  /// Plain data in the file (or data file) of the slot, contiguous from the host offset on.
  public static final int DATA = 1;

  /// The slot says zero, or ends before.
  public static final int ZERO = 2;

  /// As ZERO; a host cluster stays reserved for it.
  public static final int ZERO_ALLOCATED = 3;

  /// The slot holds compressed data: it must be asked to read it.
  public static final int COMPRESSED = 4;

  /// The slot's layer must be asked, and where it holds nothing, those beneath it: raw layers,
  /// encrypted ones, damaged clusters, whatever fits no other kind.
  public static final int ASK = 5;

  /// Not uniform: the page has a list of runs.
  public static final int MIXED = 6;

  /// Slots are below this.
  public static final int MAX_SLOTS = 1 << 20;

  /// Host offsets in entries are multiples of this many bytes.
  public static final int SECTOR = 512;

  private static final int KIND_SHIFT = 61;
  private static final int SLOT_SHIFT = 41;
  private static final long LOW_MASK = (1L << SLOT_SHIFT) - 1;

  private MapEntry() {}

  public static int kind(long entry) {
    return (int) (entry >>> KIND_SHIFT);
  }

  public static int slot(long entry) {
    return (int) (entry >>> SLOT_SHIFT) & (MAX_SLOTS - 1);
  }

  /// Host offset in bytes; of DATA and ZERO_ALLOCATED only.
  public static long host(long entry) {
    return (entry & LOW_MASK) * SECTOR;
  }

  /// Of MIXED only: where the unit's runs begin in the page's array of them.
  public static int runs(long entry) {
    return (int) (entry & LOW_MASK);
  }

  /// An entry without a host offset.
  public static long of(int kind, int slot) {
    return (long) kind << KIND_SHIFT | (long) slot << SLOT_SHIFT;
  }

  /// An entry with a host offset, or ASK where that does not fit.
  public static long of(int kind, int slot, long host) {
    long sector = host / SECTOR;
    return host < 0 || sector > LOW_MASK || host % SECTOR != 0
        ? of(ASK, slot)
        : of(kind, slot) | sector;
  }

  static long mixed(int runs) {
    return of(MIXED, 0) | runs;
  }

  /// True for the kinds whose low bits are a host offset, which moves along with the guest's.
  public static boolean hasHost(long entry) {
    int kind = kind(entry);
    return kind == DATA || kind == ZERO_ALLOCATED;
  }

  /// The entry of what lies `bytes` further on in the same stretch, a multiple of 512.
  public static long advance(long entry, long bytes) {
    return hasHost(entry) ? of(kind(entry), slot(entry), host(entry) + bytes) : entry;
  }

  /// The same entry for another slot.
  public static long withSlot(long entry, int slot) {
    return entry & ~((MAX_SLOTS - 1L) << SLOT_SHIFT) | (long) slot << SLOT_SHIFT;
  }
}
