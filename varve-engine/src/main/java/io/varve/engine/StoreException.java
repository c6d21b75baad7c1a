// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import org.jspecify.annotations.Nullable;

/// The store or the catalog failed: full, read-only, gone, an I/O error.
public final class StoreException extends VarveException {
  private static final long serialVersionUID = 1L;

  public StoreException(ProblemCode code, String reason, String cure) {
    this(code, reason, cure, null);
  }

  public StoreException(ProblemCode code, String reason, String cure, @Nullable Throwable cause) {
    super(code, reason, cure, cause);
  }
}
