// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.img.ImgException;
import io.varve.img.open.ImageSpec;
import org.jspecify.annotations.Nullable;

/// Images as the operands of a command name them.
final class Specs {
  private Specs() {}

  /// @param format what `-f` said, or null
  /// @param imageOpts `--image-opts` was given, which goes with no `-f`
  static ImageSpec of(String name, @Nullable String format, boolean imageOpts) throws ImgException {
    if (imageOpts && format != null) {
      throw new ImgException("--image-opts and --format are mutually exclusive");
    }
    return new ImageSpec(name, format, imageOpts);
  }
}
