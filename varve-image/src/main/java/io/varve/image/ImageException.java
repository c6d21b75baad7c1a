// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// An image cannot be used as asked. The message reads `file: structure at offset: what, expected,
/// found`; a refusal names its reason and its cure. The subclasses are what a caller can act on.
public sealed class ImageException extends IOException
    permits CorruptImageException,
        WrongFormatException,
        UnsupportedImageException,
        ImageInUseException,
        BackingChainException,
        BitmapException,
        EncryptionException,
        ReadOnlyImageException {
  private static final long serialVersionUID = 1L;

  private @Nullable String words;

  protected ImageException(String message) {
    super(message);
  }

  protected ImageException(String message, Throwable cause) {
    super(message, cause);
  }

  /// QEMU's words for the same, without the name of the file; null where QEMU has none, or says no
  /// more than what kind of error it is.
  public final @Nullable String words() {
    return words;
  }

  /// The same exception, with QEMU's words.
  public static <E extends ImageException> E inWords(String words, E exception) {
    ImageException base = exception;
    base.words = words;
    return exception;
  }
}
