// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

/// What a page says of a guest range that is all alike.
///
/// @param entry of the range's first byte; its host offset advances along the range
/// @param end guest offset behind the range's last byte
public record Stretch(long entry, long end) {
  /// The longest stretch at `position` that the page can tell of.
  ///
  /// @param position guest offset inside the page
  /// @param most where to stop looking, above `position`
  public static Stretch at(MapPage page, int unitBits, long position, long most) {
    Stretch found = inUnit(page, unitBits, position);
    if (found.end() >= most) {
      return found.end() == most ? found : new Stretch(found.entry(), most);
    }
    long pageEnd = (page.index() + 1) << (unitBits + MapPage.UNIT_COUNT_BITS);
    long until = Math.min(most, pageEnd);
    long entry = found.entry();
    long end = found.end();
    while (end < until) {
      Stretch next = inUnit(page, unitBits, end);
      if (next.entry() != MapEntry.advance(entry, end - position)) {
        break;
      }
      end = next.end();
    }
    return new Stretch(entry, Math.min(end, most));
  }

  private static Stretch inUnit(MapPage page, int unitBits, long position) {
    int unit = (int) (position >>> unitBits) & (MapPage.UNITS - 1);
    long unitBytes = 1L << unitBits;
    long unitStart = position & -unitBytes;
    long entry = page.entry(unit);
    if (MapEntry.kind(entry) != MapEntry.MIXED) {
      return new Stretch(MapEntry.advance(entry, position - unitStart), unitStart + unitBytes);
    }
    int pair = page.runAt(entry, position - unitStart);
    long runStart = unitStart + page.runWord(pair);
    return new Stretch(
        MapEntry.advance(page.runWord(pair + 1), position - runStart),
        unitStart + page.runEnd(entry, pair, unitBytes));
  }
}
