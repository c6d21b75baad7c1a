// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import org.jspecify.annotations.Nullable;

/// An image as a command line names it.
///
/// @param name a file name, a `json:` name, or with `imageOpts` an option string
/// @param format what `-f` said, null to look at the file
/// @param imageOpts `--image-opts` was given
public record ImageSpec(String name, @Nullable String format, boolean imageOpts) {
  public static ImageSpec of(String name, @Nullable String format) {
    return new ImageSpec(name, format, false);
  }
}
