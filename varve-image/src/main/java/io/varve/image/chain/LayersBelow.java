// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.GuestOffset;
import java.io.IOException;

/// The lower part of a chain, seen on its own: what the disk would show without the layers above.
public final class LayersBelow {
  private final LayerStack stack;

  private LayersBelow(LayerStack stack) {
    this.stack = stack;
  }

  /// The layers of `chain` from this depth down; none if the chain ends before.
  public static LayersBelow from(Chain chain, int depth) {
    int first = Math.min(depth, chain.layers().size());
    return new LayersBelow(
        new LayerStack(chain.layers().subList(first, chain.layers().size()), first));
  }

  /// True if the range reads as zero there, by the indexes alone.
  public boolean readsAsZero(long at, long length) throws IOException {
    return stack.readsAsZero(GuestOffset.of(at), length);
  }
}
