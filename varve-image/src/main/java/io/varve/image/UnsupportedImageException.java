// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// The image needs something that Varve refuses by name (a feature, a limit).
public final class UnsupportedImageException extends ImageException {
  private static final long serialVersionUID = 1L;

  public UnsupportedImageException(String message) {
    super(message);
  }

  public UnsupportedImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
