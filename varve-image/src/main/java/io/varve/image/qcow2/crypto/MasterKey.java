// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.io.IOException;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Takes the master key out of key slots, and puts it into them.
final class MasterKey {
  private MasterKey() {}

  /// The master key by the first slot that the passphrase opens.
  ///
  /// @return null if it opens none; the caller overwrites what it gets
  static byte @Nullable [] find(Region region, LuksHeader header, byte[] passphrase)
      throws IOException, EncryptionWords {
    for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
      byte[] key = fromSlot(region, header, slot, passphrase);
      if (key != null) {
        return key;
      }
    }
    return null;
  }

  /// The master key by one slot.
  ///
  /// @return null if the slot is inactive or the passphrase does not open it
  static byte @Nullable [] fromSlot(Region region, LuksHeader header, int index, byte[] passphrase)
      throws IOException, EncryptionWords {
    LuksSlot slot = header.slots().get(index);
    if (!slot.active()) {
      return null;
    }
    KeyWork.requireBounded("Keyslot " + index, header.hash(), slot.iterations(), header.keyBytes());
    KeyWork.requireBounded(
        "The master key digest", header.hash(), header.digestIterations(), LuksHeader.DIGEST);
    byte[] material = region.read(slot.keyOffset(), header.materialBytes());
    byte[] slotKey = stretch(header, passphrase, slot.salt(), slot.iterations());
    byte @Nullable [] key = null;
    try {
      new SectorCipher(header.spec(), slotKey).decrypt(0, material, 0, material.length);
      key = AntiForensic.merge(header.hash(), material, LuksSlot.STRIPES);
      if (MessageDigest.isEqual(digest(header, key), header.digest())) {
        byte[] found = key;
        key = null;
        return found;
      }
      return null;
    } finally {
      wipe(material);
      wipe(slotKey);
      wipe(key);
    }
  }

  /// The key material that gives the master key to who knows the passphrase.
  static byte[] material(
      LuksHeader header, LuksSlot slot, byte[] key, byte[] passphrase, KeyWork work)
      throws EncryptionWords {
    byte[] slotKey = stretch(header, passphrase, slot.salt(), slot.iterations());
    try {
      byte[] material = AntiForensic.split(header.hash(), key, LuksSlot.STRIPES, work.random());
      new SectorCipher(header.spec(), slotKey).encrypt(0, material, 0, material.length);
      return material;
    } finally {
      wipe(slotKey);
    }
  }

  /// What tells the right master key from others.
  static byte[] digest(LuksHeader header, byte[] key) {
    return Pbkdf2.derive(
        header.hash(),
        key,
        header.digestSalt(),
        Integer.toUnsignedLong(header.digestIterations()),
        LuksHeader.DIGEST);
  }

  private static byte[] stretch(LuksHeader header, byte[] passphrase, byte[] salt, int iterations) {
    return Pbkdf2.derive(
        header.hash(), passphrase, salt, Integer.toUnsignedLong(iterations), header.keyBytes());
  }

  static void wipe(byte @Nullable [] secret) {
    if (secret != null) {
      Arrays.fill(secret, (byte) 0);
    }
  }
}
