// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.op.StepException.Step;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.FileStorage;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Copies the pieces of one worker of a conversion, each in two steps: what can be done beside
/// other workers, and the writing, when it is this piece's turn.
abstract class PieceWriter implements AutoCloseable {
  final Sources sources;
  final Chain to;
  final ConvertOptions options;

  PieceWriter(Sources sources, Chain to, ConvertOptions options) {
    this.sources = sources;
    this.to = to;
    this.options = options;
  }

  static PieceWriter of(Sources sources, Chain to, ConvertOptions options) {
    if (options.compressed()) {
      return new CompressedPieceWriter(sources, to, (Qcow2Layer) to.top(), options);
    }
    if (options.offload()
        && sources.disks().size() == 1
        && OffloadedPieceWriter.fileOf(sources.disks().getFirst()) instanceof FileStorage from
        && OffloadedPieceWriter.fileOf(to) instanceof FileStorage into) {
      return new OffloadedPieceWriter(sources, to, options, from, into);
    }
    return new PlainPieceWriter(sources, to, options);
  }

  private long pieceAt;
  private long pieceLength;
  private boolean data;
  private long written;

  /// Reads the piece and does what can be done before its turn.
  ///
  /// @param moves false for zeros that are only to be marked
  final void take(ConvertPlan.Piece piece, boolean moves) throws IOException {
    pieceAt = piece.at();
    pieceLength = piece.length();
    data = moves;
    if (moves) {
      prepare(pieceAt, (int) pieceLength, piece.kind() == ConvertPlan.Kind.ZERO);
    }
  }

  /// Writes the piece that was taken last.
  final void finish() throws IOException {
    options.throttle().take(pieceLength);
    written += data ? write() : zero(pieceAt, pieceLength);
  }

  /// Bytes of data written so far.
  final long written() {
    return written;
  }

  /// Reads the piece.
  ///
  /// @param zero it is known to be zero: nothing is read
  abstract void prepare(long at, int length, boolean zero) throws IOException;

  /// Writes the piece and returns how many of its bytes were written as data.
  abstract long write() throws IOException;

  /// Makes a range of the target zero; returns 0, the bytes of data written.
  final long zero(long at, long length) throws IOException {
    if (!options.zeroed()) {
      try {
        to.zero(GuestOffset.of(at), length, ZeroMode.UNMAP);
      } catch (IOException e) {
        throw new StepException(Step.WRITE, 0, at, e);
      }
    }
    return 0;
  }

  final void writeData(long at, ByteBuffer bytes, long piece) throws StepException {
    try {
      to.write(GuestOffset.of(at), bytes);
    } catch (IOException e) {
      throw new StepException(Step.WRITE, 0, piece, e);
    }
  }

  @Override
  public void close() {}
}
