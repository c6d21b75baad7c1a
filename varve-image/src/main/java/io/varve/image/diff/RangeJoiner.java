// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import java.io.IOException;

/// Joins neighbours of one kind on their way to a sink.
final class RangeJoiner implements RangeSink {
  private final RangeSink sink;
  private long start;
  private long length;
  private boolean zero;

  RangeJoiner(RangeSink sink) {
    this.sink = sink;
  }

  @Override
  public void range(long at, long bytes, boolean isZero) throws IOException {
    if (length > 0 && isZero == zero && at == start + length) {
      length += bytes;
      return;
    }
    end();
    start = at;
    length = bytes;
    zero = isZero;
  }

  /// Hands on what is still held back.
  void end() throws IOException {
    if (length > 0) {
      sink.range(start, length, zero);
      length = 0;
    }
  }
}
