// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// Another process (a QEMU, another Varve) holds the image in a way that excludes this use.
public final class ImageInUseException extends ImageException {
  private static final long serialVersionUID = 1L;

  public ImageInUseException(String message) {
    super(message);
  }

  public ImageInUseException(String message, Throwable cause) {
    super(message, cause);
  }
}
