// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// A change was asked of a layer that is open read-only, frozen, or marked corrupt.
public final class ReadOnlyImageException extends ImageException {
  private static final long serialVersionUID = 1L;

  public ReadOnlyImageException(String message) {
    super(message);
  }

  public ReadOnlyImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
