// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MapPageTest {
  private static final int UNIT_BITS = 16;
  private static final int UNIT = 1 << UNIT_BITS;

  private static long data(int slot, long host) {
    return MapEntry.of(MapEntry.DATA, slot, host);
  }

  @Test
  void anEntryHoldsKindSlotAndHostOffset() {
    long largest = ((1L << 41) - 1) * 512;
    long entry = MapEntry.of(MapEntry.ZERO_ALLOCATED, MapEntry.MAX_SLOTS - 1, largest);
    assertThat(MapEntry.kind(entry)).isEqualTo(MapEntry.ZERO_ALLOCATED);
    assertThat(MapEntry.slot(entry)).isEqualTo(MapEntry.MAX_SLOTS - 1);
    assertThat(MapEntry.host(entry)).isEqualTo(largest);
    assertThat(MapEntry.withSlot(entry, 7))
        .isEqualTo(MapEntry.of(MapEntry.ZERO_ALLOCATED, 7, largest));
  }

  @Test
  void aHostOffsetThatDoesNotFitIsLeftToTheLayer() {
    long ask = MapEntry.of(MapEntry.ASK, 5);
    assertThat(data(5, 1L << 50)).isEqualTo(ask);
    assertThat(data(5, 513)).isEqualTo(ask);
    assertThat(data(5, -1)).isEqualTo(ask);
  }

  @Test
  void onlyHostOffsetsMoveAlong() {
    assertThat(MapEntry.advance(data(3, 4096), 1024)).isEqualTo(data(3, 5120));
    long zero = MapEntry.of(MapEntry.ZERO, 3);
    assertThat(MapEntry.advance(zero, 1024)).isEqualTo(zero);
  }

  @Test
  void whatWasLaidFirstStays() {
    PageBuilder builder = new PageBuilder(2, UNIT_BITS, 9);
    long start = builder.start();
    builder.fill(start + UNIT / 2, start + UNIT, data(9, UNIT));
    builder.fill(start, start + 2 * UNIT, data(4, 10L * UNIT));
    MapPage page = builder.build();
    assertThat(page.top()).isEqualTo(9);
    assertThat(Stretch.at(page, UNIT_BITS, start, start + 3 * UNIT))
        .isEqualTo(new Stretch(data(4, 10L * UNIT), start + UNIT / 2));
    assertThat(Stretch.at(page, UNIT_BITS, start + UNIT / 2 + 512, start + 3 * UNIT))
        .isEqualTo(new Stretch(data(9, UNIT + 512), start + UNIT));
    assertThat(Stretch.at(page, UNIT_BITS, start + UNIT, start + 3 * UNIT))
        .isEqualTo(new Stretch(data(4, 11L * UNIT), start + 2 * UNIT));
    assertThat(Stretch.at(page, UNIT_BITS, start + 2 * UNIT, builder.end()))
        .isEqualTo(new Stretch(0, builder.end()));
  }

  @Test
  void anotherPageFillsWhatIsOpen() {
    PageBuilder older = new PageBuilder(0, UNIT_BITS, 0);
    older.fill(0, 10 * UNIT, data(0, UNIT));
    PageBuilder newer = new PageBuilder(0, UNIT_BITS, 1);
    newer.fill(UNIT + 512, UNIT + 1024, MapEntry.of(MapEntry.ZERO, 1));
    newer.layPage(older.build());
    MapPage page = newer.build();
    assertThat(Stretch.at(page, UNIT_BITS, 0, 20L * UNIT))
        .isEqualTo(new Stretch(data(0, UNIT), UNIT + 512));
    assertThat(Stretch.at(page, UNIT_BITS, UNIT + 1024, 20L * UNIT))
        .isEqualTo(new Stretch(data(0, 2 * UNIT + 1024), 10L * UNIT));
  }

  @Test
  void aUnitOfTooManyRunsIsLeftToTheLayers() {
    PageBuilder builder = new PageBuilder(0, UNIT_BITS, 3);
    for (int i = 0; i <= MapPage.MAX_RUNS; i++) {
      builder.fill(i * 512L, i * 512L + 512, MapEntry.of(MapEntry.ZERO, i % 2 + 1));
    }
    assertThat(builder.build().entry(0)).isEqualTo(MapEntry.of(MapEntry.ASK, 2));
  }

  @Test
  void aPageOfFewStretchesSaysTheSameInLessMemory() {
    PageBuilder builder = new PageBuilder(0, UNIT_BITS, 3);
    builder.fill(5L * UNIT, 100L * UNIT, data(3, 0));
    builder.fill(100L * UNIT + 512, 101L * UNIT, data(2, 512));
    builder.fill(300L * UNIT, 301L * UNIT, MapEntry.of(MapEntry.COMPRESSED, 1));
    MapPage page = builder.build();
    MapPage compact = page.compact(UNIT_BITS);
    assertThat(compact.bytes()).isLessThan(page.bytes() / 8);
    for (int unit = 0; unit < MapPage.UNITS; unit++) {
      assertThat(compact.entry(unit)).as("unit %d", unit).isEqualTo(page.entry(unit));
    }
    assertThat(compact.at(7, 3).entry(99)).isEqualTo(page.entry(99));
  }

  @Test
  void aPageWithoutOrderStaysAsItIs() {
    PageBuilder builder = new PageBuilder(0, UNIT_BITS, 3);
    for (int unit = 0; unit < MapPage.UNITS; unit += 2) {
      builder.fill((long) unit * UNIT, (unit + 1L) * UNIT, data(3, unit * (long) UNIT));
    }
    MapPage page = builder.build();
    assertThat(page.compact(UNIT_BITS)).isSameAs(page);
  }
}
