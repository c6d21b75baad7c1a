// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.nio.ByteBuffer;

/// A key slot as the LUKS header has it; see the package for the layout. Numbers are unsigned.
///
/// @param state [#ACTIVE], [#INACTIVE], or neither in a damaged header
/// @param keySector where the key material begins, sectors from the start of the LUKS header
record LuksSlot(int state, int iterations, byte[] salt, int keySector, int stripes) {
  static final int ACTIVE = 0x00ac71f3;
  static final int INACTIVE = 0x0000dead;
  static final int SALT = 32;
  static final int STRIPES = 4000;

  static LuksSlot read(ByteBuffer from) {
    int state = from.getInt();
    int iterations = from.getInt();
    byte[] salt = new byte[SALT];
    from.get(salt);
    return new LuksSlot(state, iterations, salt, from.getInt(), from.getInt());
  }

  void write(ByteBuffer to) {
    to.putInt(state).putInt(iterations).put(salt).putInt(keySector).putInt(stripes);
  }

  boolean active() {
    return state == ACTIVE;
  }

  long keyOffset() {
    return (keySector & 0xffff_ffffL) * SectorCipher.SECTOR;
  }

  LuksSlot activated(byte[] newSalt, int newIterations) {
    return new LuksSlot(ACTIVE, newIterations, newSalt, keySector, STRIPES);
  }

  LuksSlot erased() {
    return new LuksSlot(INACTIVE, 0, new byte[SALT], keySector, STRIPES);
  }
}
