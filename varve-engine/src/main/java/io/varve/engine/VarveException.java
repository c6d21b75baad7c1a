// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import org.jspecify.annotations.Nullable;

/// A verb could not be done. Nothing that was there before is lost; a half-done verb is finished or
/// undone when its disk is next used.
///
/// The message reads `reason. cure`; both parts are there for programs too.
public abstract sealed class VarveException extends RuntimeException
    permits InvalidRequestException,
        NotFoundException,
        AlreadyExistsException,
        RefusedException,
        BusyException,
        DamagedException,
        StoreException,
        CancelledException {
  private static final long serialVersionUID = 1L;

  private final ProblemCode code;
  private final String reason;
  private final String cure;

  protected VarveException(
      ProblemCode code, String reason, String cure, @Nullable Throwable cause) {
    super(cure.isEmpty() ? reason : reason + ". " + cure, cause);
    this.code = code;
    this.reason = reason;
    this.cure = cure;
  }

  public ProblemCode code() {
    return code;
  }

  /// Why it cannot be done, without a full stop at the end.
  public String reason() {
    return reason;
  }

  /// What the user can do about it, a whole sentence; empty where there is nothing to add.
  public String cure() {
    return cure;
  }
}
