// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.bouncycastle.jcajce.provider.digest.RIPEMD160;
import org.bouncycastle.jcajce.provider.digest.SM3;
import org.jspecify.annotations.Nullable;

/// Hash functions that QEMU knows by name, for key derivation and for ESSIV.
public enum HashAlgorithm {
  MD5("md5", "MD5", 16, 64),
  SHA1("sha1", "SHA-1", 20, 64),
  SHA224("sha224", "SHA-224", 28, 64),
  SHA256("sha256", "SHA-256", 32, 64),
  SHA384("sha384", "SHA-384", 48, 128),
  SHA512("sha512", "SHA-512", 64, 128),
  RIPEMD160("ripemd160", null, 20, 64),
  SM3("sm3", null, 32, 64);

  private final String text;
  private final @Nullable String javaName;
  private final int digestBytes;
  private final int blockBytes;

  HashAlgorithm(String text, @Nullable String javaName, int digestBytes, int blockBytes) {
    this.text = text;
    this.javaName = javaName;
    this.digestBytes = digestBytes;
    this.blockBytes = blockBytes;
  }

  /// The name as options and LUKS headers spell it.
  public String text() {
    return text;
  }

  int digestBytes() {
    return digestBytes;
  }

  /// Bytes that the compression function takes at once: HMAC pads its key to them.
  int blockBytes() {
    return blockBytes;
  }

  /// A digest that can be cloned in mid-computation.
  MessageDigest newDigest() {
    if (javaName == null) {
      return Extra.digest(this);
    }
    try {
      return MessageDigest.getInstance(javaName);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no " + javaName, e);
    }
  }

  /// The algorithm of that name, or null.
  public static @Nullable HashAlgorithm named(String text) {
    for (HashAlgorithm each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    return null;
  }

  /// Apart, so that the library behind it is loaded only where one of these is named.
  private static final class Extra {
    static MessageDigest digest(HashAlgorithm algorithm) {
      return algorithm == SM3 ? new SM3.Digest() : new RIPEMD160.Digest();
    }
  }
}
