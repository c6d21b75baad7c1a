// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.storage.Zeros;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/// Layers in order, read as one: the first that holds something answers, and behind the end of a
/// layer everything is zero, whatever lies deeper. Immutable; the layers guard themselves.
final class LayerStack implements Below {
  private final List<Layer> layers;
  private final int firstDepth;

  /// @param firstDepth depth of the first layer in the chain it belongs to
  LayerStack(List<Layer> topFirst, int firstDepth) {
    this.layers = List.copyOf(topFirst);
    this.firstDepth = firstDepth;
  }

  List<Layer> layers() {
    return layers;
  }

  @Override
  public boolean isNothing() {
    return layers.isEmpty();
  }

  @Override
  public boolean reachesBehind(long size) {
    return !layers.isEmpty() && layers.getFirst().size() > size;
  }

  @Override
  public void read(GuestOffset at, ByteBuffer dst) throws IOException {
    long position = at.bytes();
    while (dst.hasRemaining()) {
      position += readSome(position, dst);
    }
  }

  /// Puts at least one byte into `dst` and returns how many.
  private int readSome(long position, ByteBuffer dst) throws IOException {
    ByteBuffer piece = dst.slice();
    for (Layer layer : layers) {
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
    int length = piece.limit();
    int limit = dst.limit();
    Zeros.fill(dst.limit(dst.position() + length));
    dst.limit(limit);
    return length;
  }

  @Override
  public boolean readsAsZero(GuestOffset at, long length) throws IOException {
    return isZero(at.bytes(), at.bytes() + length, true);
  }

  @Override
  public boolean knownAsZero(GuestOffset at, long length) throws IOException {
    return isZero(at.bytes(), at.bytes() + length, false);
  }

  private boolean isZero(long start, long end, boolean holesCount) throws IOException {
    long position = start;
    while (position < end) {
      ChainExtent extent = where(position, end - position);
      Layer layer = extent.layer();
      boolean hole = layer != null && layer.format() == LayerFormat.RAW && position < layer.size();
      if (!extent.readsAsZero() || (hole && !holesCount)) {
        return false;
      }
      position = extent.end();
    }
    return true;
  }

  /// Who answers for the beginning of the range.
  ChainExtent where(long position, long maxLength) throws IOException {
    long length = maxLength;
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      long size = layer.size();
      if (position >= size) {
        // Zero because this layer ends here, even where a deeper one goes on.
        return new ChainExtent(position, length, ExtentKind.ZERO, firstDepth + i, layer, -1);
      }
      LayerExtent extent =
          layer.lookup(GuestOffset.of(position), Math.min(length, size - position));
      if (extent.kind() != ExtentKind.NONE) {
        // Room kept in a file for a hole is of no use to whoever reads the disk.
        long host = extent.kind() == ExtentKind.ZERO ? -1 : extent.hostOffset();
        return new ChainExtent(
            position, extent.length(), extent.kind(), firstDepth + i, layer, host);
      }
      length = extent.length();
    }
    return new ChainExtent(position, length, ExtentKind.NONE, firstDepth + layers.size(), null, -1);
  }
}
