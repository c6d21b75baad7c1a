// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import org.jspecify.annotations.Nullable;

/// The request itself is wrong: a name, an address, a size, an option.
public final class InvalidRequestException extends VarveException {
  private static final long serialVersionUID = 1L;

  public InvalidRequestException(ProblemCode code, String reason, String cure) {
    this(code, reason, cure, null);
  }

  public InvalidRequestException(
      ProblemCode code, String reason, String cure, @Nullable Throwable cause) {
    super(code, reason, cure, cause);
  }
}
