// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.EncryptionException;
import io.varve.image.EncryptionException.Reason;
import io.varve.image.KeySource;
import io.varve.image.qcow2.crypto.KeyWork;
import io.varve.image.qcow2.crypto.LuksOptions;
import org.jspecify.annotations.Nullable;

/// How a new image is encrypted.
///
/// @param luks null for the legacy AES method, which is made for those who still ask for it
/// @param keys gives the passphrase; the image's own name is what it is asked for
public record NewEncryption(@Nullable LuksOptions luks, KeyWork work, KeySource keys) {
  public static NewEncryption luks(LuksOptions options, KeySource keys) {
    return new NewEncryption(options, KeyWork.system(), keys);
  }

  public static NewEncryption legacyAes(KeySource keys) {
    return new NewEncryption(null, KeyWork.system(), keys);
  }

  /// The passphrase; the caller overwrites it.
  byte[] passphrase(String image) throws java.io.IOException {
    byte[] passphrase = keys.passphrase(image);
    if (passphrase == null) {
      throw new EncryptionException(
          Reason.KEY_REQUIRED, image, "Parameter 'encrypt.key-secret' is required for cipher");
    }
    return passphrase;
  }
}
