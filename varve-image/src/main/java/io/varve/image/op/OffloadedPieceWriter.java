// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.op.StepException.Step;
import io.varve.image.storage.FileCopy;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.Storage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Lets the kernel copy from one raw file to another: by sharing blocks where the file system can.
final class OffloadedPieceWriter extends PieceWriter {
  private final FileStorage from;
  private final FileStorage into;
  private long at;
  private int length;

  OffloadedPieceWriter(
      Sources sources, Chain to, ConvertOptions options, FileStorage from, FileStorage into) {
    super(sources, to, options);
    this.from = from;
    this.into = into;
  }

  /// The file that holds a disk byte by byte, null if it is not a raw file.
  static @Nullable Storage fileOf(Chain disk) {
    return disk.top().format() == LayerFormat.RAW ? disk.top().mappedStorage() : null;
  }

  @Override
  void prepare(long pieceAt, int pieceLength, boolean zero) {
    at = pieceAt;
    length = pieceLength;
  }

  @Override
  long write() throws IOException {
    try {
      FileCopy.copy(from, at, into, at, length);
    } catch (IOException e) {
      throw new StepException(Step.WRITE, 0, at, e);
    }
    return length;
  }
}
