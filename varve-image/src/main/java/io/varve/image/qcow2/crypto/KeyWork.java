// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/// What making keys needs from outside: chance, and a clock to find out how many iterations fill
/// the time that a user wants an attacker to spend.
///
/// @param random must be fit for keys
/// @param nanoClock nanoseconds from any start, the time of this process's work
public record KeyWork(RandomGenerator random, LongSupplier nanoClock) {
  /// Work on a key slot that is refused, as iterations times digests for the length of the key: a
  /// header may ask for 2^32 of them, which is an attack and not a passphrase. About 20 seconds.
  static final long MOST = 1L << 27;

  private static final int LEAST_ITERATIONS = 1000;
  private static final long ENOUGH_NANOS = 60_000_000;

  /// The system's clock and its source of keys.
  public static KeyWork system() {
    // Not seeded, on purpose: whoever could reproduce a run would have its keys.
    Supplier<SecureRandom> keys = SecureRandom::new;
    return new KeyWork(keys.get(), System::nanoTime);
  }

  byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  /// Iterations that take `millis`, at least a thousand.
  ///
  /// @param share what part of the time is meant: 1 all of it, 8 an eighth
  int iterations(HashAlgorithm hash, int length, long millis, int share) throws EncryptionWords {
    long rate = perSecond(hash, length);
    if (millis == 0 || Long.compareUnsigned(rate, Long.divideUnsigned(-1, millis)) > 0) {
      throw new EncryptionWords(
          "PBKDF iterations " + rate + " too large to scale: Numerical result out of range");
    }
    long wanted = Long.divideUnsigned(Long.divideUnsigned(rate * millis, 1000), share);
    if (Long.compareUnsigned(wanted, 0xffff_ffffL) > 0) {
      throw new EncryptionWords(
          "PBKDF iterations %s larger than %d: Numerical result out of range"
              .formatted(Long.toUnsignedString(wanted), 0xffff_ffffL));
    }
    if (wanted * digests(hash, length) > MOST) {
      throw new EncryptionWords(
          "PBKDF iterations %d larger than %d: ask for less iter-time"
              .formatted(wanted, MOST / digests(hash, length)));
    }
    return (int) Math.max(LEAST_ITERATIONS, wanted);
  }

  private long perSecond(HashAlgorithm hash, int length) {
    byte[] secret = new byte[16];
    byte[] salt = new byte[LuksSlot.SALT];
    for (long count = 1 << 13; ; count *= 2) {
      long start = nanoClock.getAsLong();
      Arrays.fill(Pbkdf2.derive(hash, secret, salt, count, length), (byte) 0);
      long took = nanoClock.getAsLong() - start;
      if (took >= ENOUGH_NANOS || count >= 1 << 30) {
        return (long) (count * 1e9 / Math.max(1, took));
      }
    }
  }

  /// Refuses to stretch a passphrase for longer than is reasonable.
  static void requireBounded(String what, HashAlgorithm hash, int iterations, int length)
      throws EncryptionWords {
    long count = iterations & 0xffff_ffffL;
    if (count * digests(hash, length) > MOST) {
      throw new EncryptionWords(
          "%s asks for %d PBKDF iterations, more than %d; it is not tried"
              .formatted(what, count, MOST / digests(hash, length)));
    }
  }

  private static long digests(HashAlgorithm hash, int length) {
    return ((long) length + hash.digestBytes() - 1) / hash.digestBytes();
  }
}
