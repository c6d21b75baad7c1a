// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// The file is not of the format that it was declared to be.
public final class WrongFormatException extends ImageException {
  private static final long serialVersionUID = 1L;

  public WrongFormatException(String message) {
    super(message);
  }

  public WrongFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
