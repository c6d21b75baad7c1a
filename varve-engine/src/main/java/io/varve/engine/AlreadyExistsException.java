// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import org.jspecify.annotations.Nullable;

/// What the request would make is there already.
public final class AlreadyExistsException extends VarveException {
  private static final long serialVersionUID = 1L;

  public AlreadyExistsException(ProblemCode code, String reason, String cure) {
    this(code, reason, cure, null);
  }

  public AlreadyExistsException(
      ProblemCode code, String reason, String cure, @Nullable Throwable cause) {
    super(code, reason, cure, cause);
  }
}
