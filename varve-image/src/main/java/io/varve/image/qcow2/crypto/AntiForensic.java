// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/// The anti-forensic splitter of LUKS: blows a key up to many stripes, all of which are needed to
/// get it back, so that a disk that remaps one sector does not keep an erased key.
final class AntiForensic {
  private AntiForensic() {}

  static byte[] split(HashAlgorithm hash, byte[] key, int stripes, RandomGenerator random) {
    MessageDigest digest = hash.newDigest();
    byte[] split = new byte[key.length * stripes];
    byte[] stripe = new byte[key.length];
    byte[] sum = new byte[key.length];
    for (int i = 0; i < stripes - 1; i++) {
      random.nextBytes(stripe);
      System.arraycopy(stripe, 0, split, i * key.length, key.length);
      xor(sum, stripe, 0);
      diffuse(digest, sum);
    }
    xor(sum, key, 0);
    System.arraycopy(sum, 0, split, (stripes - 1) * key.length, key.length);
    Arrays.fill(sum, (byte) 0);
    return split;
  }

  static byte[] merge(HashAlgorithm hash, byte[] split, int stripes) {
    MessageDigest digest = hash.newDigest();
    byte[] sum = new byte[split.length / stripes];
    for (int i = 0; i < stripes - 1; i++) {
      xor(sum, split, i * sum.length);
      diffuse(digest, sum);
    }
    xor(sum, split, (stripes - 1) * sum.length);
    return sum;
  }

  private static void xor(byte[] sum, byte[] with, int from) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] ^= with[from + i];
    }
  }

  /// Replaces each piece of digest length by the digest of its number and itself.
  private static void diffuse(MessageDigest digest, byte[] data) {
    int size = digest.getDigestLength();
    for (int piece = 0; piece * size < data.length; piece++) {
      int at = piece * size;
      int length = Math.min(size, data.length - at);
      digest.update(
          new byte[] {
            (byte) (piece >>> 24), (byte) (piece >>> 16), (byte) (piece >>> 8), (byte) piece
          });
      digest.update(data, at, length);
      System.arraycopy(digest.digest(), 0, data, at, length);
    }
  }
}
