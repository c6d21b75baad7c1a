// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.io.IOException;

/// Copies one stretch of a disk after the other. Each worker thread of a copy has its own.
interface PieceCopier extends AutoCloseable {
  /// Copies what is not zero in `[start, end)`, which lies inside one piece, and returns how many
  /// guest bytes that was.
  long copy(long start, long end) throws IOException;

  @Override
  void close();
}
