// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Pages of the map that somebody kept: a side file. It is a hint, and nothing more: what it does
/// not know is found by asking the layers.
///
/// **Threads.** Any, at the same time.
public interface PageSource extends Closeable {
  /// Nothing is kept.
  PageSource NONE =
      new PageSource() {
        @Override
        public @Nullable MapPage load(long index) {
          return null;
        }

        @Override
        public void close() {}
      };

  /// The page with this number, its entries in slots of the chain ([FrozenMap#rootFirst()]), or
  /// null where it is not kept, torn, or stale. [MapPage#top()] may be older than the newest layer:
  /// the chain then lays the layers above it over the page.
  @Nullable MapPage load(long index) throws IOException;

  @Override
  void close() throws IOException;
}
