// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import io.varve.image.EncryptionException;

/// A refusal in QEMU's words, before it is known which image it is about.
final class EncryptionWords extends Exception {
  private static final long serialVersionUID = 1L;

  private final String words;

  EncryptionWords(String words) {
    super(words);
    this.words = words;
  }

  EncryptionException about(String image, EncryptionException.Reason reason) {
    return new EncryptionException(reason, image, words);
  }
}
