// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import io.varve.image.qcow2.io.DataCipher;
import java.util.Arrays;

/// The first encryption of qcow2 (method 1): AES-128 in CBC mode, sectors numbered by the guest.
/// There is no header; the first 16 bytes of the passphrase, padded with zeros, are the key, and a
/// wrong one gives noise. It is weak: no salt, no stretching, and vectors that an attacker can
/// foresee.
public final class LegacyAes {
  private static final CipherSpec SPEC =
      new CipherSpec(CipherAlgorithm.AES_128, CipherMode.CBC, IvGenerator.PLAIN64, null);

  private LegacyAes() {}

  /// @param passphrase not kept, not changed
  public static DataCipher unlock(byte[] passphrase) {
    try {
      return new GuestCipher(SPEC, true, Arrays.copyOf(passphrase, SPEC.keyBytes()));
    } catch (EncryptionWords e) {
      throw new IllegalStateException("AES-128 in CBC mode is always possible", e);
    }
  }
}
