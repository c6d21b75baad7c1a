// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;

/// PBKDF2 with HMAC (RFC 8018). The states after the padded key are kept and cloned, which halves
/// the work of the runtime's own, and the passphrase is bytes, never a string.
final class Pbkdf2 {
  private Pbkdf2() {}

  /// @param iterations as an unsigned number, bounded by the caller
  static byte[] derive(
      HashAlgorithm hash, byte[] secret, byte[] salt, long iterations, int length) {
    int size = hash.digestBytes();
    MessageDigest inner = keyed(hash, secret, (byte) 0x36);
    MessageDigest outer = keyed(hash, secret, (byte) 0x5c);
    byte[] result = new byte[length];
    byte[] round = new byte[size];
    byte[] sum = new byte[size];
    try {
      for (int block = 0; block * size < length; block++) {
        MessageDigest first = (MessageDigest) inner.clone();
        first.update(salt);
        first.update(
            new byte[] {
              (byte) ((block + 1) >>> 24),
              (byte) ((block + 1) >>> 16),
              (byte) ((block + 1) >>> 8),
              (byte) (block + 1)
            });
        finish(first, outer, round);
        System.arraycopy(round, 0, sum, 0, size);
        for (long i = 1; i < iterations; i++) {
          MessageDigest next = (MessageDigest) inner.clone();
          next.update(round, 0, size);
          finish(next, outer, round);
          for (int k = 0; k < size; k++) {
            sum[k] ^= round[k];
          }
        }
        System.arraycopy(sum, 0, result, block * size, Math.min(size, length - block * size));
      }
      return result;
    } catch (DigestException | CloneNotSupportedException e) {
      throw new IllegalStateException("the digest " + hash.text() + " cannot be continued", e);
    } finally {
      Arrays.fill(round, (byte) 0);
      Arrays.fill(sum, (byte) 0);
    }
  }

  private static void finish(MessageDigest inner, MessageDigest outer, byte[] round)
      throws DigestException, CloneNotSupportedException {
    inner.digest(round, 0, round.length);
    MessageDigest last = (MessageDigest) outer.clone();
    last.update(round, 0, round.length);
    last.digest(round, 0, round.length);
  }

  /// A digest that has taken in the key, padded to a block and masked.
  private static MessageDigest keyed(HashAlgorithm hash, byte[] secret, byte mask) {
    MessageDigest digest = hash.newDigest();
    byte[] key = secret.length > hash.blockBytes() ? digest.digest(secret) : secret;
    byte[] pad = Arrays.copyOf(key, hash.blockBytes());
    for (int i = 0; i < pad.length; i++) {
      pad[i] ^= mask;
    }
    digest.update(pad);
    Arrays.fill(pad, (byte) 0);
    if (key != secret) {
      Arrays.fill(key, (byte) 0);
    }
    return digest;
  }
}
