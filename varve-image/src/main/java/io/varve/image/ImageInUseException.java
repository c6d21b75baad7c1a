// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

import org.jspecify.annotations.Nullable;

/// Another process (a QEMU, another Varve) holds the image in a way that excludes this use.
public final class ImageInUseException extends ImageException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String lock;

  public ImageInUseException(String message) {
    super(message);
    this.lock = null;
  }

  public ImageInUseException(String message, Throwable cause) {
    super(message, cause);
    this.lock = null;
  }

  private ImageInUseException(@Nullable String lock, String message) {
    super(message);
    this.lock = lock;
  }

  /// An image lock could not be had.
  ///
  /// @param lock its name, see [#lock()]
  public static ImageInUseException lacking(String lock, String message) {
    return new ImageInUseException(lock, message);
  }

  /// The lock that could not be had, as QEMU names it: `"write"` where another does not let us
  /// write, `shared "write"` where another writes and we do not allow that. Null where no image
  /// lock was in the way.
  public @Nullable String lock() {
    return lock;
  }
}
