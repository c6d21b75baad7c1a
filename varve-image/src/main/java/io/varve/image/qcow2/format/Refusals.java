// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;
import static io.varve.image.qcow2.format.Qcow2FormatException.unsupported;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// What the format allows and Varve does not open, each with its reason and its cure.
final class Refusals {
  private static final String HEADER = "header";

  private Refusals() {}

  static void requireOpenable(HeaderArea area) throws Qcow2FormatException {
    Header header = area.header();
    Bytes backing = area.backing();
    if (backing != null && backing.untilNul().asName() == null) {
      throw corrupt(
          "backing file name", header.backingOffset(), "not a file name", "UTF-8", backing);
    }
  }

  /// @param src the first cluster, whose table of feature names is looked for
  /// @param header as far as it is read
  static void requireKnownFeatures(ByteBuffer src, Header header) throws Qcow2FormatException {
    long unknown = header.incompatible() & ~FeatureBits.KNOWN_INCOMPATIBLE;
    if (unknown != 0) {
      refuse(unknown, HeaderAreaParser.featureNames(src, header));
    }
  }

  static void requireSupported(HeaderArea area) throws Qcow2FormatException {
    long unknown = area.header().incompatible() & ~FeatureBits.KNOWN_INCOMPATIBLE;
    if (unknown != 0) {
      refuse(unknown, area.extension(HeaderExtension.FEATURE_NAMES).orElse(null));
    }
  }

  private static void refuse(long unknown, @Nullable Bytes names) throws Qcow2FormatException {
    throw unsupported(
        HEADER,
        72,
        "Unsupported qcow2 feature(s): " + FeatureBits.incompatibleNames(unknown, names),
        "a program that does not know them must not open the image; use the program that wrote it");
  }
}
