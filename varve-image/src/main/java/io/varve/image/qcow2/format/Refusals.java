// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;
import static io.varve.image.qcow2.format.Qcow2FormatException.unsupported;

/// What the format allows and Varve does not open, each with its reason and its cure.
final class Refusals {
  private static final String HEADER = "header";

  private Refusals() {}

  static void requireOpenable(HeaderArea area) throws Qcow2FormatException {
    requireSupported(area);
    Header header = area.header();
    if (header.refcountTableClusters() == 0) {
      throw corrupt(
          HEADER, 56, "Image does not contain a reference count table", "at least 1 cluster", 0);
    }
    Bytes backing = area.backing();
    if (backing != null && backing.asName() == null) {
      throw corrupt(
          "backing file name",
          header.backingOffset(),
          "not a file name",
          "UTF-8 without NUL",
          backing);
    }
  }

  static void requireSupported(HeaderArea area) throws Qcow2FormatException {
    String unknown = area.unknownFeatures();
    if (!unknown.isEmpty()) {
      throw unsupported(
          HEADER,
          72,
          "Unsupported qcow2 feature(s): " + unknown,
          "a program that does not know them must not open the image; use the program that wrote"
              + " it");
    }
  }
}
