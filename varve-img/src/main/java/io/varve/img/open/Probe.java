// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.LayerFormat;
import io.varve.image.foreign.ForeignFormats;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Tells the format of a file by its first bytes, as QEMU does when nobody says it.
final class Probe {
  private static final int LENGTH = 2048;
  private static final int QCOW = 0x514649fb;

  private Probe() {}

  /// The name of the format; `raw` where nothing is known by its magic.
  static String format(Storage file) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(LENGTH);
    file.read(0, start);
    if (start.getInt(0) == QCOW) {
      int version = start.getInt(4);
      return version == 1 ? "qcow" : version == 0 ? "raw" : "qcow2";
    }
    int length = (int) Math.min(LENGTH, file.size());
    LayerFormat foreign = ForeignFormats.probe(start.slice(0, length));
    return foreign == null ? "raw" : foreign.id();
  }
}
