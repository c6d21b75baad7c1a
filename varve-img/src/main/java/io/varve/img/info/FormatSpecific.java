// SPDX-License-Identifier: Apache-2.0
package io.varve.img.info;

import io.varve.image.qcow2.Qcow2Description;
import io.varve.image.storage.Storage;
import java.io.IOException;

/// The block of facts that only an image's format knows, for people.
public final class FormatSpecific {
  private FormatSpecific() {}

  /// @param image a qcow2 file, which may be in use
  public static String ofQcow2(Storage image) throws IOException {
    Qcow2Description told = Qcow2Description.read(image, FormatSpecific::ignore);
    StringBuilder out = new StringBuilder();
    new InfoText(out).specific("", InfoReader.specific(told));
    return out.toString();
  }

  private static void ignore(String notice) {}
}
