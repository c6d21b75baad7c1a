// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import java.io.IOException;

/// Takes the ranges of a difference, one after the other, ascending, none touching the one before
/// it that has the same kind.
@FunctionalInterface
public interface RangeSink {
  /// @param start guest offset, bytes
  /// @param length bytes, above zero
  /// @param zero the range reads as zero in the newer state; otherwise it holds data there
  void range(long start, long length, boolean zero) throws IOException;
}
