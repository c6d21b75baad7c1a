// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.CorruptImageException;
import io.varve.image.ImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WrongFormatException;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.qcow2.format.VarveIdentity;
import java.util.Optional;

/// Puts the file's name before what a codec found, and picks the exception a caller can act on.
final class FormatErrors {
  private FormatErrors() {}

  static ImageException named(String file, Qcow2FormatException e) {
    String message = file + ": " + e.getMessage();
    ImageException found =
        switch (e.kind()) {
          case NOT_QCOW2 -> new WrongFormatException(message, e);
          case UNSUPPORTED -> new UnsupportedImageException(message, e);
          case CORRUPT -> new CorruptImageException(message, e);
        };
    return ImageException.inWords(e.what(), found);
  }

  /// What the header says of Varve's own.
  static Optional<VarveIdentity> identity(String file, HeaderArea area) throws ImageException {
    try {
      return area.identity();
    } catch (Qcow2FormatException e) {
      throw named(file, e);
    }
  }
}
