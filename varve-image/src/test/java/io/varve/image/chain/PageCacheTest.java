// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.chain.map.MapPage;
import io.varve.image.chain.map.PageBuilder;
import org.junit.jupiter.api.Test;

class PageCacheTest {
  private static MapPage page(long index) {
    return new PageBuilder(index, 16, 0).build();
  }

  @Test
  void keepsWhatFits() {
    PageCache cache = new PageCache(1 << 20);
    for (long index = 0; index < 100; index++) {
      cache.put(page(index << 30));
    }
    for (long index = 0; index < 100; index++) {
      MapPage found = cache.get(index << 30);
      assertThat(found).isNotNull();
      assertThat(found.index()).isEqualTo(index << 30);
    }
    assertThat(cache.get(1)).isNull();
  }

  @Test
  void staysUnderItsBound() {
    PageCache cache = new PageCache(100_000);
    for (long index = 0; index < 5000; index++) {
      cache.put(page(index));
      assertThat(cache.bytes()).isLessThanOrEqualTo(100_000);
      assertThat(cache.get(index)).isNotNull();
    }
  }

  @Test
  void aPageTakesThePlaceOfAnOlderOneWithItsNumber() {
    PageCache cache = new PageCache(100_000);
    cache.put(page(3));
    long bytes = cache.bytes();
    MapPage newer = page(3);
    cache.put(newer);
    assertThat(cache.get(3)).isSameAs(newer);
    assertThat(cache.bytes()).isEqualTo(bytes);
  }

  @Test
  void whatIsUsedOutlivesWhatIsNot() {
    PageCache cache = new PageCache(100_000);
    cache.put(page(0));
    for (long index = 1; index < 500; index++) {
      assertThat(cache.get(0)).as("after %d pages", index).isNotNull();
      cache.put(page(index));
    }
  }
}
