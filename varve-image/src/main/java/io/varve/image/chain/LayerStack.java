// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.storage.Zeros;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Layers in order, asked one after the other: the first that holds something answers, and behind
/// the end of a layer everything is zero, whatever lies deeper. What the map says is what this
/// says, found without asking all of them. Immutable; the layers guard themselves.
final class LayerStack {
  private final LayerSlot[] slots;
  private final int firstDepth;

  /// @param newestFirst taken over
  /// @param firstDepth depth of the first layer in the chain it belongs to
  LayerStack(LayerSlot[] newestFirst, int firstDepth) {
    this.slots = newestFirst;
    this.firstDepth = firstDepth;
  }

  /// Puts at least one byte into `dst` and returns how many.
  ///
  /// @param place the first layer to ask
  int read(int place, long position, ByteBuffer dst) throws IOException {
    ByteBuffer piece = dst.slice();
    for (int i = place; i < slots.length; i++) {
      Layer layer = slots[i].layer();
      long size = layer.size();
      if (position >= size) {
        break;
      }
      piece.limit((int) Math.min(piece.limit(), size - position));
      long held = layer.readHeld(GuestOffset.of(position), piece);
      if (held > 0) {
        dst.position(dst.position() + (int) held);
        return (int) held;
      }
      piece.limit((int) -held);
    }
    return zeros(dst, piece.limit());
  }

  static int zeros(ByteBuffer dst, int length) {
    int limit = dst.limit();
    Zeros.fill(dst.limit(dst.position() + length));
    dst.limit(limit);
    return length;
  }

  /// Who answers for the beginning of the range.
  ///
  /// @param place the first layer to ask
  ChainExtent where(int place, long position, long maxLength) throws IOException {
    long length = maxLength;
    for (int i = place; i < slots.length; i++) {
      Layer layer = slots[i].layer();
      long size = layer.size();
      if (position >= size) {
        // Zero because this layer ends here, even where a deeper one goes on.
        return new ChainExtent(position, length, ExtentKind.ZERO, firstDepth + i, layer, -1);
      }
      LayerExtent extent =
          layer.lookup(GuestOffset.of(position), Math.min(length, size - position));
      if (extent.kind() != ExtentKind.NONE) {
        return held(extent, firstDepth + i, layer);
      }
      length = extent.length();
    }
    return new ChainExtent(position, length, ExtentKind.NONE, firstDepth + slots.length, null, -1);
  }

  static ChainExtent held(LayerExtent extent, int depth, Layer layer) {
    // Room kept in a file for a hole is of no use to whoever reads the disk.
    long host = extent.kind() == ExtentKind.ZERO ? -1 : extent.hostOffset();
    return new ChainExtent(extent.start(), extent.length(), extent.kind(), depth, layer, host);
  }
}
