// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import org.jspecify.annotations.Nullable;

/// The caller's progress listener stopped the verb; what was begun is undone.
public final class CancelledException extends VarveException {
  private static final long serialVersionUID = 1L;

  public CancelledException(ProblemCode code, String reason, String cure) {
    this(code, reason, cure, null);
  }

  public CancelledException(
      ProblemCode code, String reason, String cure, @Nullable Throwable cause) {
    super(code, reason, cure, cause);
  }
}
