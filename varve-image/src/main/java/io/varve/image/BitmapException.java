// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

import org.jspecify.annotations.Nullable;

/// A persistent bitmap is missing, exists already, is inconsistent, or cannot do what is asked.
/// Nothing has changed.
public final class BitmapException extends ImageException {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final @Nullable String cure;

  /// @param file the image
  /// @param reason in QEMU's words
  public BitmapException(String file, String reason) {
    this(file, reason, null);
  }

  private BitmapException(String file, String reason, @Nullable String cure) {
    super(file + ": " + reason + (cure == null ? "" : "; " + cure));
    this.reason = reason;
    this.cure = cure;
    ImageException.inWords(reason, this);
  }

  public static BitmapException notFound(String file, String bitmap) {
    return new BitmapException(file, "Dirty bitmap '" + bitmap + "' not found");
  }

  public static BitmapException inconsistent(String file, String bitmap) {
    return new BitmapException(
        file,
        "Bitmap '" + bitmap + "' is inconsistent and cannot be used",
        "Try block-dirty-bitmap-remove to delete this bitmap from disk");
  }

  public static BitmapException notPersistent(String file, String bitmap, String why) {
    return new BitmapException(
        file, "Can't make bitmap '" + bitmap + "' persistent in '" + file + "': " + why);
  }

  /// What is wrong, in QEMU's words, without the name of the image.
  public String reason() {
    return reason;
  }

  /// What QEMU says can be done, or null.
  public @Nullable String cure() {
    return cure;
  }
}
