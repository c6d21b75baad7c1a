// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import org.jspecify.annotations.Nullable;

/// What the request names is not there.
public final class NotFoundException extends VarveException {
  private static final long serialVersionUID = 1L;

  public NotFoundException(ProblemCode code, String reason, String cure) {
    this(code, reason, cure, null);
  }

  public NotFoundException(
      ProblemCode code, String reason, String cure, @Nullable Throwable cause) {
    super(code, reason, cure, cause);
  }
}
