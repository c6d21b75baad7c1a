// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Anything that reads as a guest disk does: a layer over its base, a chain, a raw file.
@FunctionalInterface
public interface GuestReader {
  /// Fills `dst`.
  void read(long at, ByteBuffer dst) throws IOException;

  /// The bytes of a range.
  default byte[] bytes(long at, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length);
    read(at, dst);
    return dst.array();
  }

  /// The view through one layer: what it does not hold comes from `below`.
  static GuestReader of(Layer layer, Below below) {
    return (at, dst) -> readThrough(layer, below, at, dst);
  }

  private static void readThrough(Layer layer, Below below, long at, ByteBuffer dst)
      throws IOException {
    long position = at;
    while (dst.hasRemaining()) {
      int before = dst.position();
      long held = layer.readHeld(GuestOffset.of(position), dst);
      int moved = dst.position() - before;
      if (held == 0 || Math.abs(held) > dst.remaining() + moved || moved != Math.max(held, 0)) {
        throw new AssertionError(
            layer.name() + ": readHeld at " + position + " said " + held + ", moved " + moved);
      }
      if (held < 0) {
        ByteBuffer part = dst.slice(dst.position(), (int) -held);
        below.read(GuestOffset.of(position), part);
        if (part.hasRemaining()) {
          throw new AssertionError("the base left " + part.remaining() + " bytes at " + position);
        }
        dst.position(dst.position() + (int) -held);
      }
      position += Math.abs(held);
    }
  }
}
