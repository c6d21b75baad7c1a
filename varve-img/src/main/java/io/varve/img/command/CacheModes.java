// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.img.ImgException;

/// The words of `-t` and `-T`.
///
/// What a mode asks of the host's cache changes no result; that data is durable when a command ends
/// holds in every mode.
final class CacheModes {
  private CacheModes() {}

  /// @param what begins the message, which ends with the mode: `Invalid cache option`
  static void require(String mode, String what) throws ImgException {
    if (!isKnown(mode)) {
      throw new ImgException(what + ": " + mode);
    }
  }

  static boolean isKnown(String mode) {
    return switch (mode) {
      case "none", "off", "directsync", "writeback", "writethrough", "unsafe" -> true;
      default -> false;
    };
  }
}
