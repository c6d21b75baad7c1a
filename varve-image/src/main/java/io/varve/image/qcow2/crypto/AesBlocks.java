// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/// AES by the Java runtime, which uses the processor's AES unit.
final class AesBlocks implements BlockCipher {
  private static final int BLOCK = 16;
  private final Cipher encryption;
  private final Cipher decryption;

  AesBlocks(byte[] key, int from, int length) {
    SecretKeySpec spec = new SecretKeySpec(key, from, length, "AES");
    encryption = cipher(Cipher.ENCRYPT_MODE, spec);
    decryption = cipher(Cipher.DECRYPT_MODE, spec);
  }

  private static Cipher cipher(int mode, SecretKeySpec key) {
    try {
      Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
      cipher.init(mode, key);
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java cannot do AES", e);
    }
  }

  @Override
  public int blockBytes() {
    return BLOCK;
  }

  @Override
  public void encrypt(byte[] data, int from, int length) {
    apply(encryption, data, from, length);
  }

  @Override
  public void decrypt(byte[] data, int from, int length) {
    apply(decryption, data, from, length);
  }

  private static void apply(Cipher cipher, byte[] data, int from, int length) {
    try {
      // Whole blocks without padding come out of an update at once: nothing is left to finish.
      cipher.update(data, from, length, data, from);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES refused whole blocks", e);
    }
  }
}
