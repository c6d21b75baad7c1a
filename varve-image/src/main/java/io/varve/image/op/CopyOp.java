// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainExtent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// Copies a whole disk into an empty layer of the same size: full clone, import, export.
///
/// Holes are skipped by the index, blocks of zeros by looking; the target then reads as zero there
/// because it is empty. Pieces are copied side by side by a few threads.
public final class CopyOp {
  private static final int PIECE = 2 << 20;
  private static final int BLOCK = 64 << 10;

  private final Chain from;
  private final WritableLayer to;
  private final Progress progress;
  private final long total;
  private final AtomicLong cursor = new AtomicLong();
  private final AtomicLong done = new AtomicLong();
  private final AtomicLong copied = new AtomicLong();
  private final AtomicBoolean stopped = new AtomicBoolean();

  private CopyOp(Chain from, WritableLayer to, Progress progress) {
    this.from = from;
    this.to = to;
    this.progress = progress;
    this.total = from.size();
  }

  /// Copies and flushes.
  ///
  /// @param to empty, without a base, at least as large as `from`
  /// @param threads copiers at work at once, 1 or more
  /// @throws java.util.concurrent.CancellationException if `progress` throws it
  public static CopyResult copy(Chain from, WritableLayer to, int threads, Progress progress)
      throws IOException {
    if (to.size() < from.size()) {
      throw new IllegalArgumentException(
          "%s has %d bytes, too few for the %d of %s"
              .formatted(to.name(), to.size(), from.size(), from.top().name()));
    }
    CopyOp op = new CopyOp(from, to, progress);
    op.run(threads);
    to.flush();
    long bytes = op.copied.get();
    return new CopyResult(bytes, op.total - bytes);
  }

  private void run(int threads) throws IOException {
    try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(workers.submit(this::work));
      }
      for (Future<?> worker : running) {
        await(worker);
      }
    }
  }

  private void await(Future<?> worker) throws IOException {
    try {
      worker.get();
    } catch (ExecutionException e) {
      stopped.set(true);
      switch (e.getCause()) {
        case UncheckedIOException io -> throw io.getCause();
        case RuntimeException runtime -> throw runtime;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    } catch (InterruptedException e) {
      stopped.set(true);
      Thread.currentThread().interrupt();
      throw new java.io.InterruptedIOException("the copy was interrupted");
    }
  }

  private void work() {
    byte[] buffer = new byte[PIECE];
    try {
      for (long at = nextPiece(); at < total && !stopped.get(); at = nextPiece()) {
        long end = Math.min(total, at + PIECE);
        copyPiece(at, end, buffer);
        report(end - at);
      }
    } catch (IOException e) {
      stopped.set(true);
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      stopped.set(true);
      throw e;
    }
  }

  private long nextPiece() {
    return cursor.getAndAdd(PIECE);
  }

  private void report(long bytes) {
    synchronized (progress) {
      progress.advance(done.addAndGet(bytes), total);
    }
  }

  private void copyPiece(long start, long end, byte[] buffer) throws IOException {
    long at = start;
    while (at < end) {
      ChainExtent extent = from.where(GuestOffset.of(at), end - at);
      if (!extent.readsAsZero()) {
        copyData(at, (int) extent.length(), buffer);
      }
      at = extent.end();
    }
  }

  private void copyData(long at, int length, byte[] buffer) throws IOException {
    from.read(GuestOffset.of(at), ByteBuffer.wrap(buffer, 0, length));
    int start = 0;
    while (start < length) {
      int blockEnd = blockEnd(at, start, length);
      if (Zeros.isZero(buffer, start, blockEnd)) {
        start = blockEnd;
        continue;
      }
      int end = blockEnd;
      while (end < length && !Zeros.isZero(buffer, end, blockEnd(at, end, length))) {
        end = blockEnd(at, end, length);
      }
      to.write(
          GuestOffset.of(at + start), ByteBuffer.wrap(buffer, start, end - start), Below.NOTHING);
      copied.addAndGet(end - start);
      start = end;
    }
  }

  /// End, inside the buffer, of the aligned guest block that holds position `index`.
  private static int blockEnd(long at, int index, int length) {
    long next = ((at + index) / BLOCK + 1) * BLOCK;
    return (int) Math.min(length, next - at);
  }
}
