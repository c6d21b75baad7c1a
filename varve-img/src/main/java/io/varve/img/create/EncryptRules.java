// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.image.KeySource;
import io.varve.image.qcow2.NewEncryption;
import io.varve.image.qcow2.crypto.CipherAlgorithm;
import io.varve.image.qcow2.crypto.CipherMode;
import io.varve.image.qcow2.crypto.HashAlgorithm;
import io.varve.image.qcow2.crypto.IvGenerator;
import io.varve.image.qcow2.crypto.LuksOptions;
import io.varve.img.ImgException;
import io.varve.img.open.Images;
import org.jspecify.annotations.Nullable;

/// The `encrypt.…` options of a new qcow2 image, judged in QEMU's order and words.
final class EncryptRules {
  private static final String[] LUKS_ONLY = {
    "encrypt.cipher-alg",
    "encrypt.cipher-mode",
    "encrypt.hash-alg",
    "encrypt.iter-time",
    "encrypt.ivgen-alg",
    "encrypt.ivgen-hash-alg"
  };

  private EncryptRules() {}

  /// Judges each option by itself.
  ///
  /// @throws ImgException if QEMU refuses it
  static void checkWords(CreateOptions options) throws ImgException {
    String format = format(options);
    if (format == null) {
      requireNone(options);
    } else if (format.equals("luks")) {
      luks(options);
    } else if (format.equals("aes")) {
      for (String name : LUKS_ONLY) {
        if (options.has(name)) {
          throw new ImgException("Parameter '" + name + "' is unexpected");
        }
      }
    } else {
      throw notAccepted("format", format);
    }
  }

  private static @Nullable String format(CreateOptions options) {
    return options.isOn("encryption") ? "aes" : options.get("encrypt.format");
  }

  private static void requireNone(CreateOptions options) throws ImgException {
    boolean stray = options.has("encrypt.key-secret");
    for (String name : LUKS_ONLY) {
      stray |= options.has(name);
    }
    if (stray) {
      throw new ImgException("Parameter 'encrypt.format' is missing");
    }
  }

  /// How the image is encrypted, null for not at all; the secret must be there.
  static @Nullable NewEncryption encryption(Images images, CreateOptions options)
      throws ImgException {
    String format = format(options);
    if (format == null) {
      return null;
    }
    String id = options.get("encrypt.key-secret");
    if (id == null) {
      throw new ImgException("Parameter 'encrypt.key-secret' is required for cipher");
    }
    images.objects().requireText(id);
    if (format.equals("aes") && !images.console().speaksForQemu()) {
      throw new ImgException("encryption with AES is weak and only read; use encrypt.format=luks");
    }
    KeySource keys = _ -> images.objects().secret(id);
    return format.equals("luks")
        ? NewEncryption.luks(luks(options), keys)
        : NewEncryption.legacyAes(keys);
  }

  private static LuksOptions luks(CreateOptions options) throws ImgException {
    LuksOptions luks = LuksOptions.defaults();
    String text = options.get("encrypt.cipher-alg");
    if (text != null) {
      luks = luks.withCipher(found("cipher-alg", text, CipherAlgorithm.named(text)));
    }
    text = options.get("encrypt.cipher-mode");
    if (text != null) {
      luks = luks.withMode(found("cipher-mode", text, CipherMode.named(text)));
    }
    text = options.get("encrypt.ivgen-alg");
    if (text != null) {
      luks = luks.withIvGenerator(found("ivgen-alg", text, IvGenerator.named(text)));
    }
    text = options.get("encrypt.ivgen-hash-alg");
    if (text != null) {
      luks = luks.withIvHash(found("ivgen-hash-alg", text, HashAlgorithm.named(text)));
    }
    text = options.get("encrypt.hash-alg");
    if (text != null) {
      luks = luks.withHash(found("hash-alg", text, HashAlgorithm.named(text)));
    }
    return luks.withIterMillis(
        options.number("encrypt.iter-time", LuksOptions.DEFAULT_ITER_MILLIS));
  }

  private static <T> T found(String name, String text, @Nullable T value) throws ImgException {
    if (value == null) {
      throw notAccepted(name, text);
    }
    return value;
  }

  private static ImgException notAccepted(String name, String value) {
    return new ImgException("Parameter '" + name + "' does not accept value '" + value + "'");
  }
}
