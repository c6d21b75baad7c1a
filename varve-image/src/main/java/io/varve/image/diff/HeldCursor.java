// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import java.io.IOException;

/// Walks over what one layer holds, by its index alone. Behind the layer's end it holds zeros:
/// nothing beneath shows through there.
final class HeldCursor {
  private final Layer layer;
  private final long limit;
  private long start;
  private long end;

  /// @param limit guest offset at which the walk ends
  HeldCursor(Layer layer, long limit) {
    this.layer = layer;
    this.limit = limit;
  }

  long start() {
    return start;
  }

  long end() {
    return end;
  }

  /// Goes to the first held extent that ends behind `from`; false if there is none.
  boolean seek(long from) throws IOException {
    long at = from;
    long own = Math.min(layer.size(), limit);
    while (at < own) {
      LayerExtent extent = layer.lookup(GuestOffset.of(at), own - at);
      if (extent.kind() != ExtentKind.NONE) {
        start = at;
        end = extent.end();
        return true;
      }
      at = extent.end();
    }
    start = at;
    end = limit;
    return at < limit;
  }
}
