// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

/// Encrypts guest data on its way to a host cluster and back. Tables and compressed clusters are
/// never encrypted (spec: "Header", bytes 32-35).
///
/// Both offsets of the first byte are given, because the methods differ in which of them goes into
/// the initialisation vector: LUKS takes the host's, AES the guest's. Offsets and lengths are
/// multiples of 512, the unit of encryption.
///
/// **Threads.** Any thread, at the same time.
public interface DataCipher extends AutoCloseable {
  /// Decrypts `length` bytes of `data` from `from` on, in place.
  void decrypt(long hostOffset, long guestOffset, byte[] data, int from, int length);

  /// Encrypts `length` bytes of `data` from `from` on, in place.
  void encrypt(long hostOffset, long guestOffset, byte[] data, int from, int length);

  /// Overwrites the key; nobody may be inside, nor come again.
  @Override
  default void close() {}
}
