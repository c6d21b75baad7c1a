// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Copies disks, one behind the other, into another disk: `qemu-img convert`.
///
/// ```java
/// try (Chain from = Chain.open(raw, LayerFormat.RAW, ChainOptions.readOnly(gate));
///     Chain to = Chain.open(image, LayerFormat.QCOW2, ChainOptions.readWrite(gate))) {
///   ConvertOp.convert(
///       List.of(from), to, ConvertOptions.defaults().withZeroed(true).withCompressed(true));
/// }
/// ```
///
/// A few threads read, look for zeros and compress side by side; pieces reach the target in order
/// unless that is not wanted ([PieceQueue]). The source must not change meanwhile. Stopped by an
/// exception from its progress, or by a failure, it leaves a target that holds a part of the disk.
public final class ConvertOp {
  private final ConvertPlan plan;
  private final Sources sources;
  private final Chain to;
  private final ConvertOptions options;
  private final PieceQueue queue;
  private final Object planning = new Object();
  private long pieces;
  private long planned;
  private long toDo;

  private ConvertOp(Sources sources, Chain to, ConvertOptions options) {
    this.sources = sources;
    this.to = to;
    this.options = options;
    // Every worker prepares one piece while another one of his waits for its turn.
    int most = threads() == 1 ? 1 : 2 * threads();
    this.queue =
        new PieceQueue(options.inOrder(), most, () -> PieceWriter.of(sources, to, options));
    this.plan = newPlan();
  }

  private ConvertPlan newPlan() {
    return new ConvertPlan(sources, options, to.top().clusterSize());
  }

  /// Converts and flushes.
  ///
  /// @param to at least as large as all of `from`; with compression a qcow2 image
  /// @throws StepException if a source cannot be read or the target not be written, with the place
  /// @throws java.util.concurrent.CancellationException if the progress throws it
  public static CopyResult convert(List<Chain> from, Chain to, ConvertOptions options)
      throws IOException {
    Sources sources = new Sources(from, options.salvage());
    if (to.size() < sources.total()) {
      throw new IllegalArgumentException(
          "%s has %d bytes, too few for %d".formatted(to.top().name(), to.size(), sources.total()));
    }
    if (options.compressed() && !(to.top() instanceof Qcow2Layer)) {
      throw new IllegalArgumentException(to.top().name() + ": its format knows no compression");
    }
    ConvertOp op = new ConvertOp(sources, to, options);
    op.countIfHeard();
    long bytes = op.run();
    to.flush();
    if (options.compressed()) {
      padFile(to.top().storage());
    }
    return new CopyResult(bytes, sources.total() - bytes);
  }

  /// True if a target that was just created reads as zero all over, so that zeros can be left out.
  public static boolean startsAsZero(Chain created) throws IOException {
    Layer top = created.top();
    if (created.depth() > 1) {
      return false;
    }
    Storage data = top.mappedStorage();
    if (top instanceof Qcow2Layer && created.size() > 0) {
      LayerExtent first = top.lookup(GuestOffset.ZERO, 1);
      if (first.kind() == ExtentKind.NONE && first.hostOffset() < 0) {
        return true;
      }
    }
    return data != null && !data.capabilities().fixedSize();
  }

  /// Readers that bypass the cache of the kernel fail on a file that ends within a sector.
  private static void padFile(Storage file) throws IOException {
    long size = file.size();
    if (size % 512 != 0 && !file.capabilities().fixedSize()) {
      file.truncate((size + 511) & -512L);
    }
  }

  /// Returns how many bytes of data were written.
  private long run() throws IOException {
    long bytes;
    try {
      Workers.run(threads(), this::work);
    } finally {
      bytes = queue.close();
    }
    return bytes;
  }

  private int threads() {
    // A single piece needs no second thread.
    return sources.total() <= ConvertPlan.MAX_DATA / 2 ? 1 : options.threads();
  }

  /// Finds out how much there is to copy, where anybody wants to know.
  private void countIfHeard() throws IOException {
    if (options.progress() == Progress.NONE) {
      return;
    }
    ConvertPlan dry = newPlan();
    for (ConvertPlan.Piece piece = dry.next(); piece != null; piece = dry.next()) {
      toDo += moves(piece) ? piece.length() : 0;
    }
  }

  private boolean moves(ConvertPlan.Piece piece) {
    return switch (piece.kind()) {
      case DATA -> true;
      case ZERO -> options.sparse() == 0;
      case BASE -> false;
    };
  }

  private record Task(ConvertPlan.Piece piece, long number) {}

  /// The next piece that needs work; null at the end, or when another worker has failed.
  private @Nullable Task next() throws IOException {
    synchronized (planning) {
      while (!queue.stopped()) {
        ConvertPlan.Piece piece = plan.next();
        if (piece == null) {
          return null;
        }
        if (moves(piece)) {
          planned += piece.length();
          if (options.progress() != Progress.NONE) {
            options.progress().advance(planned, toDo);
          }
        }
        boolean nothing =
            piece.kind() == ConvertPlan.Kind.BASE || (!moves(piece) && options.zeroed());
        if (!nothing) {
          return new Task(piece, pieces++);
        }
      }
      return null;
    }
  }

  private void work() {
    try {
      for (PieceWriter writer = queue.takeFree(); writer != null; writer = queue.takeFree()) {
        Task task = next();
        if (task == null) {
          queue.giveBack(writer);
          return;
        }
        writer.take(task.piece(), moves(task.piece()));
        queue.bring(task.number(), writer);
      }
    } catch (IOException e) {
      queue.stop();
      throw new UncheckedIOException(e);
    } catch (RuntimeException | Error e) {
      queue.stop();
      throw e;
    }
  }
}
