// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// A backing file is missing, of the wrong format, outside the pool, or the chain loops or is too
/// long.
public final class BackingChainException extends ImageException {
  private static final long serialVersionUID = 1L;

  public BackingChainException(String message) {
    super(message);
  }

  public BackingChainException(String message, Throwable cause) {
    super(message, cause);
  }
}
