// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

/// A block cipher with its key, applied to many blocks at once, each on its own (ECB). All modes
/// are built on this one operation, in bulk, because that is what a processor's AES unit is fast
/// at. Not safe for use by several threads at once.
interface BlockCipher {
  /// Bytes of one block.
  int blockBytes();

  /// Encrypts blocks in place; `length` is a multiple of the block's.
  void encrypt(byte[] data, int from, int length);

  /// Decrypts blocks in place; `length` is a multiple of the block's.
  void decrypt(byte[] data, int from, int length);

  static BlockCipher of(CipherAlgorithm algorithm, byte[] key, int from) {
    CipherAlgorithm.Family family = java.util.Objects.requireNonNull(algorithm.family());
    return family == CipherAlgorithm.Family.AES
        ? new AesBlocks(key, from, algorithm.keyBytes())
        : new OtherBlocks(family, key, from, algorithm.keyBytes());
  }
}
