// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.io.IOException;
import java.util.Objects;

/// A long operation failed in one step. The cause says why, this says where.
public final class StepException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Step step;
  private final int side;
  private final long offset;

  /// What was being done.
  public enum Step {
    /// Asking an index what it holds.
    STATUS,
    READ,
    WRITE
  }

  /// @param side which of several disks, from 0
  /// @param offset guest offset of the step, bytes
  public StepException(Step step, int side, long offset, IOException cause) {
    super(cause.getMessage(), cause);
    this.step = step;
    this.side = side;
    this.offset = offset;
  }

  public Step step() {
    return step;
  }

  public int side() {
    return side;
  }

  public long offset() {
    return offset;
  }

  /// Why the step failed.
  public IOException reason() {
    return (IOException) Objects.requireNonNull(getCause());
  }
}
