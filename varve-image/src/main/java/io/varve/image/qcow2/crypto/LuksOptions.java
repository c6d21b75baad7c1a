// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import org.jspecify.annotations.Nullable;

/// How a new LUKS image is encrypted.
///
/// @param ivHash hash for ESSIV; with other generators it is only written down
/// @param hash of the key derivation
/// @param iterMillis time that trying one passphrase shall take here, milliseconds
public record LuksOptions(
    CipherAlgorithm cipher,
    CipherMode mode,
    IvGenerator ivGenerator,
    @Nullable HashAlgorithm ivHash,
    HashAlgorithm hash,
    long iterMillis) {
  public static final long DEFAULT_ITER_MILLIS = 2000;

  /// QEMU's defaults: aes-256, xts, plain64, sha256, two seconds.
  public static LuksOptions defaults() {
    return new LuksOptions(
        CipherAlgorithm.AES_256,
        CipherMode.XTS,
        IvGenerator.PLAIN64,
        null,
        HashAlgorithm.SHA256,
        DEFAULT_ITER_MILLIS);
  }

  public LuksOptions withCipher(CipherAlgorithm value) {
    return new LuksOptions(value, mode, ivGenerator, ivHash, hash, iterMillis);
  }

  public LuksOptions withMode(CipherMode value) {
    return new LuksOptions(cipher, value, ivGenerator, ivHash, hash, iterMillis);
  }

  public LuksOptions withIvGenerator(IvGenerator value) {
    return new LuksOptions(cipher, mode, value, ivHash, hash, iterMillis);
  }

  public LuksOptions withIvHash(HashAlgorithm value) {
    return new LuksOptions(cipher, mode, ivGenerator, value, hash, iterMillis);
  }

  public LuksOptions withHash(HashAlgorithm value) {
    return new LuksOptions(cipher, mode, ivGenerator, ivHash, value, iterMillis);
  }

  public LuksOptions withIterMillis(long value) {
    return new LuksOptions(cipher, mode, ivGenerator, ivHash, hash, value);
  }

  CipherSpec spec() {
    boolean missing = ivGenerator == IvGenerator.ESSIV && ivHash == null;
    return new CipherSpec(cipher, mode, ivGenerator, missing ? HashAlgorithm.SHA256 : ivHash);
  }
}
