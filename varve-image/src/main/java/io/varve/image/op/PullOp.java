// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainExtent;
import io.varve.image.chain.LayersBelow;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Pulls up into the top layer what the layers right beneath it hold (a *stream* in QEMU's words),
/// so that the top reads the same without them. The disk's content does not change at any moment,
/// so the operation can be stopped, or be cut off by a crash, and simply started again: what was
/// pulled before is in the top layer already and is not moved twice.
///
/// Afterwards the caller names the next base in the top layer's header.
public final class PullOp {
  private static final int PIECE = 1 << 20;

  private PullOp() {}

  /// Pulls and flushes.
  ///
  /// @param disk its top layer takes the data
  /// @param layers how many layers beneath the top to make unneeded, 1 or more
  public static PullResult pull(Chain disk, int layers, Progress progress) throws IOException {
    if (layers < 1 || layers >= disk.depth()) {
      throw new IllegalArgumentException(
          "%s has %d layers beneath it, cannot pull %d"
              .formatted(disk.top().name(), disk.depth() - 1, layers));
    }
    WithoutPulled below =
        new WithoutPulled(LayersBelow.from(disk, 1), LayersBelow.from(disk, layers + 1));
    byte[] buffer = new byte[PIECE];
    long size = disk.size();
    long copied = 0;
    long zeroed = 0;
    long at = 0;
    while (at < size) {
      ChainExtent extent = disk.where(GuestOffset.of(at), size - at);
      boolean removed = extent.depth() >= 1 && extent.depth() <= layers;
      long length = extent.length();
      if (removed && extent.readsAsZero()) {
        zeroed += keepZero(disk, below, at, length);
      } else if (removed) {
        length = Math.min(length, PIECE);
        ByteBuffer data = ByteBuffer.wrap(buffer, 0, (int) length);
        disk.read(GuestOffset.of(at), data);
        disk.write(GuestOffset.of(at), data.flip());
        copied += length;
      }
      at += length;
      progress.advance(at, size);
    }
    disk.flush();
    return new PullResult(copied, zeroed);
  }

  /// States zeros in the top layer where the base that comes next would show something else.
  private static long keepZero(Chain disk, WithoutPulled below, long at, long length)
      throws IOException {
    WritableLayer top = (WritableLayer) disk.top();
    long zeroed = 0;
    for (long from = at; from < at + length; from += PIECE) {
      long piece = Math.min(PIECE, at + length - from);
      if (!below.next().readsAsZero(GuestOffset.of(from), piece)) {
        top.zero(GuestOffset.of(from), piece, ZeroMode.UNMAP, below);
        zeroed += piece;
      }
    }
    return zeroed;
  }

  /// What the top layer sees beneath it while layers are being pulled: it still reads through them,
  /// but may not rely on a zero that goes away with them.
  private record WithoutPulled(LayersBelow now, LayersBelow next) implements Below {
    @Override
    public boolean isNothing() {
      return false;
    }

    @Override
    public void read(GuestOffset at, ByteBuffer dst) throws IOException {
      now.read(at, dst);
    }

    @Override
    public boolean readsAsZero(GuestOffset at, long length) throws IOException {
      return now.readsAsZero(at, length) && next.readsAsZero(at, length);
    }
  }
}
