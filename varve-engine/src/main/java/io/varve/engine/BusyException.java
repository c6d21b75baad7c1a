// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import org.jspecify.annotations.Nullable;

/// Someone else holds the disk, or changed it in between; the same request may succeed later.
public final class BusyException extends VarveException {
  private static final long serialVersionUID = 1L;

  public BusyException(ProblemCode code, String reason, String cure) {
    this(code, reason, cure, null);
  }

  public BusyException(ProblemCode code, String reason, String cure, @Nullable Throwable cause) {
    super(code, reason, cure, cause);
  }
}
