// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

import java.io.IOException;

/// An image cannot be used as asked. The message reads `file: structure at offset: what, expected,
/// found`; a refusal names its reason and its cure. The subclasses are what a caller can act on.
public sealed class ImageException extends IOException
    permits CorruptImageException,
        WrongFormatException,
        UnsupportedImageException,
        ImageInUseException,
        BackingChainException,
        BitmapException,
        ReadOnlyImageException {
  private static final long serialVersionUID = 1L;

  protected ImageException(String message) {
    super(message);
  }

  protected ImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
