// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import org.jspecify.annotations.Nullable;

/// Block ciphers that QEMU knows by name. LUKS has names for those with a family only.
public enum CipherAlgorithm {
  AES_128("aes-128", Family.AES, 16),
  AES_192("aes-192", Family.AES, 24),
  AES_256("aes-256", Family.AES, 32),
  DES("des", null, 8),
  TRIPLE_DES("3des", null, 24),
  CAST5_128("cast5-128", Family.CAST5, 16),
  SERPENT_128("serpent-128", Family.SERPENT, 16),
  SERPENT_192("serpent-192", Family.SERPENT, 24),
  SERPENT_256("serpent-256", Family.SERPENT, 32),
  TWOFISH_128("twofish-128", Family.TWOFISH, 16),
  TWOFISH_192("twofish-192", Family.TWOFISH, 24),
  TWOFISH_256("twofish-256", Family.TWOFISH, 32),
  SM4("sm4", null, 16);

  /// A cipher without its key length, as a LUKS header names it.
  enum Family {
    AES("aes", "AES", 16),
    CAST5("cast5", "CAST5", 8),
    SERPENT("serpent", "Serpent", 16),
    TWOFISH("twofish", "Twofish", 16);

    final String luksName;
    final String title;
    final int blockBytes;

    Family(String luksName, String title, int blockBytes) {
      this.luksName = luksName;
      this.title = title;
      this.blockBytes = blockBytes;
    }
  }

  private final String text;
  private final @Nullable Family family;
  private final int keyBytes;

  CipherAlgorithm(String text, @Nullable Family family, int keyBytes) {
    this.text = text;
    this.family = family;
    this.keyBytes = keyBytes;
  }

  /// The name as options spell it.
  public String text() {
    return text;
  }

  /// Null where LUKS has no name for the cipher.
  @Nullable Family family() {
    return family;
  }

  int keyBytes() {
    return keyBytes;
  }

  /// The algorithm that options call so, or null.
  public static @Nullable CipherAlgorithm named(String text) {
    for (CipherAlgorithm each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    return null;
  }

  /// The algorithm that a LUKS header calls so, with a key of that length, or null.
  static @Nullable CipherAlgorithm ofLuks(String name, int keyBytes) {
    for (CipherAlgorithm each : values()) {
      if (each.family != null && each.family.luksName.equals(name) && each.keyBytes == keyBytes) {
        return each;
      }
    }
    return null;
  }

  /// The same cipher with another key length, or null.
  @Nullable CipherAlgorithm withKeyBytes(int bytes) {
    return family == null ? null : ofLuks(family.luksName, bytes);
  }
}
