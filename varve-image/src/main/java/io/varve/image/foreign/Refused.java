// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.CorruptImageException;
import io.varve.image.ImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WrongFormatException;
import io.varve.image.storage.Storage;

/// Makes the exceptions of this package: the file, what is wrong, and QEMU's words where it has
/// any.
final class Refused {
  private Refused() {}

  /// Damage for which QEMU has the same words.
  static CorruptImageException corrupt(Storage file, String words) {
    return ImageException.inWords(words, new CorruptImageException(file.name() + ": " + words));
  }

  /// Damage of which QEMU says no more than "Invalid argument".
  static CorruptImageException invalid(Storage file, String what) {
    return new CorruptImageException(file.name() + ": " + what);
  }

  static WrongFormatException wrongFormat(Storage file, String words) {
    return ImageException.inWords(words, new WrongFormatException(file.name() + ": " + words));
  }

  /// What Varve, or QEMU too, does not read.
  static UnsupportedImageException unsupported(Storage file, String words) {
    return ImageException.inWords(words, new UnsupportedImageException(file.name() + ": " + words));
  }
}
