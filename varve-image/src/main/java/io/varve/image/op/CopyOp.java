// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.WritableLayer;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/// Copies a whole disk into an empty layer of the same size: full clone, import, export.
///
/// Holes are skipped by the index, blocks of zeros by looking; the target then reads as zero there
/// because it is empty. Pieces are copied, and compressed if asked, side by side by a few threads.
public final class CopyOp {
  /// A multiple of every cluster size.
  static final int PIECE = 2 << 20;

  private final Supplier<PieceCopier> copiers;
  private final Progress progress;
  private final long total;
  private final AtomicLong cursor = new AtomicLong();
  private final AtomicLong done = new AtomicLong();
  private final AtomicLong copied = new AtomicLong();
  private final AtomicBoolean stopped = new AtomicBoolean();

  private CopyOp(Supplier<PieceCopier> copiers, long total, Progress progress) {
    this.copiers = copiers;
    this.progress = progress;
    this.total = total;
  }

  /// Copies and flushes.
  ///
  /// @param to empty, without a base, at least as large as `from`
  /// @param threads copiers at work at once, 1 or more
  /// @throws java.util.concurrent.CancellationException if `progress` throws it
  public static CopyResult copy(Chain from, WritableLayer to, int threads, Progress progress)
      throws IOException {
    return copy(from, to, () -> new PlainCopier(from, to), threads, progress);
  }

  /// Copies every cluster that is not zero in compressed form, or plain where that is not shorter,
  /// and flushes. The result is read-only in spirit: a compressed cluster that is written later is
  /// stored plain.
  ///
  /// @param to as for [#copy], empty and without a base
  public static CopyResult copyCompressed(Chain from, Qcow2Layer to, int threads, Progress progress)
      throws IOException {
    return copy(from, to, () -> new CompressingCopier(from, to), threads, progress);
  }

  private static CopyResult copy(
      Chain from, WritableLayer to, Supplier<PieceCopier> copiers, int threads, Progress progress)
      throws IOException {
    if (to.size() < from.size()) {
      throw new IllegalArgumentException(
          "%s has %d bytes, too few for the %d of %s"
              .formatted(to.name(), to.size(), from.size(), from.top().name()));
    }
    CopyOp op = new CopyOp(copiers, from.size(), progress);
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
      Throwable cause = e.getCause();
      if (cause instanceof UncheckedIOException io) {
        throw io.getCause();
      }
      if (cause instanceof RuntimeException runtime) {
        throw runtime;
      }
      if (cause instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      stopped.set(true);
      Thread.currentThread().interrupt();
      throw new java.io.InterruptedIOException("the copy was interrupted");
    }
  }

  private void work() {
    try (PieceCopier copier = copiers.get()) {
      for (long at = nextPiece(); at < total && !stopped.get(); at = nextPiece()) {
        long end = Math.min(total, at + PIECE);
        copied.addAndGet(copier.copy(at, end));
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
}
