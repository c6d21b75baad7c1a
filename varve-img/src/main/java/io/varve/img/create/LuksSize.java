// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.img.ImgException;

/// How much a LUKS header takes at the beginning of an image: eight key slots, each with the key
/// spread over 4000 stripes.
final class LuksSize {
  private static final long SLOT_UNIT = 4096;
  private static final int SLOTS = 8;
  private static final int STRIPES = 4000;

  private LuksSize() {}

  /// Bytes, whole clusters; 0 for an image that is not encrypted with LUKS.
  static long of(CreateOptions options, long cluster) throws ImgException {
    if (!"luks".equals(options.get("encrypt.format"))) {
      return 0;
    }
    if (!options.has("encrypt.key-secret")) {
      throw new ImgException("Parameter 'encrypt.key-secret' is required for cipher");
    }
    String mode = options.get("encrypt.cipher-mode");
    long key = keyBytes(options.get("encrypt.cipher-alg"));
    long material = (mode == null || mode.equals("xts") ? 2 * key : key) * STRIPES;
    long slot = (material + SLOT_UNIT - 1) / SLOT_UNIT * SLOT_UNIT;
    long payload = SLOT_UNIT + SLOTS * slot;
    return (payload + cluster - 1) / cluster * cluster;
  }

  private static long keyBytes(@org.jspecify.annotations.Nullable String cipher)
      throws ImgException {
    if (cipher == null) {
      return 32;
    }
    return switch (cipher) {
      case "aes-256", "serpent-256", "twofish-256" -> 32;
      case "aes-192", "serpent-192", "twofish-192" -> 24;
      case "aes-128", "serpent-128", "twofish-128", "cast5-128" -> 16;
      default ->
          throw new ImgException("Parameter 'cipher-alg' does not accept value '" + cipher + "'");
    };
  }
}
