// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/// GUIDs as Microsoft stores them: the first three fields little endian, the rest as it is written.
final class Guid {
  private Guid() {}

  /// The GUID at a place of a buffer.
  static UUID at(ByteBuffer bytes, int at) {
    ByteBuffer little = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer big = bytes.duplicate().order(ByteOrder.BIG_ENDIAN);
    long high =
        (little.getInt(at) & 0xffff_ffffL) << 32
            | (little.getShort(at + 4) & 0xffffL) << 16
            | little.getShort(at + 6) & 0xffffL;
    return new UUID(high, big.getLong(at + 8));
  }

  static boolean isZero(UUID guid) {
    return guid.getMostSignificantBits() == 0 && guid.getLeastSignificantBits() == 0;
  }
}
