// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Everything but the key that says how sectors are encrypted.
///
/// @param ivHash hash for [IvGenerator#ESSIV]; kept, and of no effect, with other generators
record CipherSpec(
    CipherAlgorithm algorithm,
    CipherMode mode,
    IvGenerator ivGenerator,
    @Nullable HashAlgorithm ivHash) {

  /// Bytes of the master key: two keys for XTS.
  int keyBytes() {
    return mode == CipherMode.XTS ? 2 * algorithm.keyBytes() : algorithm.keyBytes();
  }

  /// The cipher that makes initialisation vectors. Its key is as long as the hash, so it need not
  /// be the cipher of the data.
  CipherAlgorithm ivCipher() throws EncryptionWords {
    CipherAlgorithm.Family family = algorithm.family();
    if (family == null || family == CipherAlgorithm.Family.CAST5) {
      if (family != null && hash().digestBytes() == algorithm.keyBytes()) {
        return algorithm;
      }
      throw new EncryptionWords("Cipher " + algorithm.text() + " not supported with essiv");
    }
    CipherAlgorithm found = algorithm.withKeyBytes(hash().digestBytes());
    if (found == null) {
      throw new EncryptionWords(
          "No %s cipher with key size %d available".formatted(family.title, hash().digestBytes()));
    }
    return found;
  }

  private HashAlgorithm hash() {
    return Objects.requireNonNull(ivHash);
  }

  /// Refuses what no cipher here can do, in QEMU's words.
  void requirePossible() throws EncryptionWords {
    CipherAlgorithm.Family family = algorithm.family();
    if (family == null) {
      throw new EncryptionWords("Algorithm '" + algorithm.text() + "' not supported");
    }
    if (ivGenerator == IvGenerator.ESSIV) {
      ivCipher();
    }
    if (mode == CipherMode.XTS && family.blockBytes != 16) {
      throw new EncryptionWords("Unsupported cipher mode " + mode.text());
    }
  }
}
