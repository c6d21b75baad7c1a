// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Writes back a table that was changed in memory: only the sectors that differ.
final class SectorWriter {
  private static final int SECTOR = 512;

  private SectorWriter() {}

  /// @return true if anything was written
  static boolean write(Storage storage, long position, byte[] before, byte[] after)
      throws IOException {
    boolean written = false;
    for (int at = 0; at < after.length; at += SECTOR) {
      int end = Math.min(after.length, at + SECTOR);
      if (!Arrays.equals(before, at, end, after, at, end)) {
        storage.write(position + at, ByteBuffer.wrap(after, at, end - at));
        written = true;
      }
    }
    return written;
  }
}
