// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.op.Progress;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// Sends a difference as a stream: its ranges with their bytes, then a digest of the result. Memory
/// is one record. For one thread.
public final class DiffSender implements RangeSink {
  private final Chain to;
  private final DiffWriter writer;
  private final Progress progress;
  private final long total;
  private long done;

  private DiffSender(Chain to, DiffWriter writer, long total, Progress progress) {
    this.to = to;
    this.writer = writer;
    this.total = total;
    this.progress = progress;
  }

  /// Sends and flushes; closes nothing.
  ///
  /// @param header what the stream says of itself; the digest of the result follows if it says so
  /// @param byContent leave out what is equal on both sides, by reading it
  /// @param digesting hears how far the digest is, which is made at the end
  /// @throws java.util.concurrent.CancellationException if a progress throws it
  public static DiffTotals send(
      DiffOp.Sides sides,
      DiffHeader header,
      boolean byContent,
      OutputStream out,
      Progress progress,
      Progress digesting)
      throws IOException {
    DiffWriter writer = new DiffWriter(out, header);
    DiffSender sender = new DiffSender(sides.to(), writer, header.foretold().bytes(), progress);
    if (byContent) {
      DifferentBytes.ranges(sides, sender);
    } else {
      DiffOp.ranges(sides, sender);
    }
    return writer.end(header.digestFollows() ? DiskDigest.of(sides.to(), digesting) : null);
  }

  @Override
  public void range(long start, long length, boolean zero) throws IOException {
    if (zero) {
      writer.zero(start, length);
      advance(length);
      return;
    }
    for (long at = start; at < start + length; ) {
      int step = (int) Math.min(DiffFrame.MOST_DATA, start + length - at);
      ByteBuffer record = writer.beginData(at);
      int limit = record.limit();
      to.read(GuestOffset.of(at), record.limit(record.position() + step));
      record.limit(limit);
      writer.endData(step);
      at += step;
      advance(step);
    }
  }

  private void advance(long bytes) {
    done += bytes;
    progress.advance(done, Math.max(done, total));
  }
}
