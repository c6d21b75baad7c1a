// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import org.jspecify.annotations.Nullable;

/// The request is well formed and the engine will not do it: policy, or something would be lost.
public final class RefusedException extends VarveException {
  private static final long serialVersionUID = 1L;

  public RefusedException(ProblemCode code, String reason, String cure) {
    this(code, reason, cure, null);
  }

  public RefusedException(ProblemCode code, String reason, String cure, @Nullable Throwable cause) {
    super(code, reason, cure, cause);
  }
}
