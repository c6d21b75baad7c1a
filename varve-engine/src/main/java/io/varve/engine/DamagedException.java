// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import org.jspecify.annotations.Nullable;

/// Files are missing, damaged, or not what their place says.
public final class DamagedException extends VarveException {
  private static final long serialVersionUID = 1L;

  public DamagedException(ProblemCode code, String reason, String cure) {
    this(code, reason, cure, null);
  }

  public DamagedException(ProblemCode code, String reason, String cure, @Nullable Throwable cause) {
    super(code, reason, cure, cause);
  }
}
