// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainExtent;
import io.varve.image.op.Progress;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Puts the ranges of a stream on a disk. For one thread.
public final class DiffApplier implements DiffReader.Receiver {
  private final Chain disk;

  private DiffApplier(Chain disk) {
    this.disk = disk;
  }

  /// Reads the stream to its end and flushes the disk, whose size must be that of the result. The
  /// caller compares the digest of the stream with the disk's.
  ///
  /// @throws DiffStreamException if the stream is not in order; ranges before that are on the disk
  public static DiffTotals apply(DiffReader stream, Chain disk, Progress progress)
      throws IOException {
    if (disk.size() != stream.header().toSize()) {
      throw new IllegalArgumentException(
          "the disk has %d bytes, expected %d".formatted(disk.size(), stream.header().toSize()));
    }
    DiffApplier applier = new DiffApplier(disk);
    long total = stream.header().foretold().bytes();
    while (stream.next(applier)) {
      long done = stream.totals().bytes();
      progress.advance(done, Math.max(done, total));
    }
    disk.flush();
    return stream.totals();
  }

  @Override
  public void data(long start, ByteBuffer bytes) throws IOException {
    disk.write(GuestOffset.of(start), bytes);
  }

  /// What reads as zero already is left alone, so that a few bytes of a stream cannot make tables
  /// for a whole disk.
  @Override
  public void zero(long start, long length) throws IOException {
    for (long at = start; at < start + length; ) {
      ChainExtent extent = disk.where(GuestOffset.of(at), start + length - at);
      if (!extent.readsAsZero()) {
        disk.zero(GuestOffset.of(at), extent.length(), ZeroMode.UNMAP);
      }
      at = extent.end();
    }
  }
}
