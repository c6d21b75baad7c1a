// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import java.io.IOException;
import java.nio.ByteBuffer;

/// The lower part of a chain, seen on its own: what the disk would show without the layers above.
public final class LayersBelow implements Below {
  private final Below stack;

  private LayersBelow(Below stack) {
    this.stack = stack;
  }

  /// The layers of `chain` from this depth down; none if the chain ends before.
  ///
  /// @param depth 1 for all beneath the active layer, 0 for the whole chain
  public static LayersBelow from(Chain chain, int depth) {
    return new LayersBelow(chain.from(depth));
  }

  @Override
  public boolean isNothing() {
    return stack.isNothing();
  }

  @Override
  public boolean reachesBehind(long size) {
    return stack.reachesBehind(size);
  }

  @Override
  public void read(GuestOffset at, ByteBuffer dst) throws IOException {
    stack.read(at, dst);
  }

  @Override
  public boolean readsAsZero(GuestOffset at, long length) throws IOException {
    return stack.readsAsZero(at, length);
  }

  @Override
  public boolean knownAsZero(GuestOffset at, long length) throws IOException {
    return stack.knownAsZero(at, length);
  }
}
