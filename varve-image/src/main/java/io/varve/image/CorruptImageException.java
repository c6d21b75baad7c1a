// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// A structure of the image breaks the format's rules: damaged, truncated or hostile. Cure: check
/// and repair, or restore it.
public final class CorruptImageException extends ImageException {
  private static final long serialVersionUID = 1L;

  public CorruptImageException(String message) {
    super(message);
  }

  public CorruptImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
