// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;

/// Encrypts and decrypts sectors of 512 bytes, many at once. Every mode is taken apart into a pass
/// of exclusive-or and a pass of plain blocks over a piece of [#PIECE] bytes, small enough for the
/// processor's cache: the pass of blocks then runs at the speed of its AES unit.
///
/// Sectors come first to last with rising numbers. A last sector may be short, as in the key
/// material of LUKS; it counts whole blocks. Not safe for use by several threads at once.
final class SectorCipher {
  static final int SECTOR = 512;

  private static final int PIECE = 64 * SECTOR;
  private static final VarHandle LITTLE =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final CipherMode mode;
  private final IvGenerator ivGenerator;
  private final BlockCipher data;
  private final BlockCipher vector;
  private final int block;
  private final byte[] vectors;
  private final byte[] mask;

  /// @param key as many bytes as the spec says; not kept
  SectorCipher(CipherSpec spec, byte[] key) throws EncryptionWords {
    spec.requirePossible();
    if (key.length != spec.keyBytes()) {
      throw new IllegalArgumentException("a key of %d bytes".formatted(key.length));
    }
    this.mode = spec.mode();
    this.ivGenerator = spec.ivGenerator();
    this.data = BlockCipher.of(spec.algorithm(), key, 0);
    this.block = data.blockBytes();
    this.vector =
        mode == CipherMode.XTS
            ? BlockCipher.of(spec.algorithm(), key, spec.algorithm().keyBytes())
            : data;
    this.essiv = ivGenerator == IvGenerator.ESSIV ? essiv(spec, key) : null;
    this.vectors = new byte[PIECE / SECTOR * block];
    this.mask = new byte[PIECE];
  }

  private final @org.jspecify.annotations.Nullable BlockCipher essiv;

  private static BlockCipher essiv(CipherSpec spec, byte[] key) throws EncryptionWords {
    MessageDigest digest = Objects.requireNonNull(spec.ivHash()).newDigest();
    byte[] hashed = digest.digest(key);
    try {
      return BlockCipher.of(spec.ivCipher(), hashed, 0);
    } finally {
      Arrays.fill(hashed, (byte) 0);
    }
  }

  void encrypt(long firstSector, byte[] bytes, int from, int length) {
    apply(true, firstSector, bytes, from, length);
  }

  void decrypt(long firstSector, byte[] bytes, int from, int length) {
    apply(false, firstSector, bytes, from, length);
  }

  private void apply(boolean encrypt, long firstSector, byte[] bytes, int from, int length) {
    if (length % block != 0) {
      throw new IllegalArgumentException("%d bytes are not whole blocks".formatted(length));
    }
    for (int done = 0; done < length; done += PIECE) {
      int piece = Math.min(PIECE, length - done);
      long sector = firstSector + done / SECTOR;
      switch (mode) {
        case ECB -> blocks(encrypt, bytes, from + done, piece);
        case CTR -> counter(sector, bytes, from + done, piece);
        case XTS -> xts(encrypt, sector, bytes, from + done, piece);
        case CBC -> {
          if (encrypt) {
            chain(sector, bytes, from + done, piece);
          } else {
            unchain(sector, bytes, from + done, piece);
          }
        }
      }
    }
  }

  private void blocks(boolean encrypt, byte[] bytes, int from, int length) {
    if (encrypt) {
      data.encrypt(bytes, from, length);
    } else {
      data.decrypt(bytes, from, length);
    }
  }

  private void xts(boolean encrypt, long sector, byte[] bytes, int from, int length) {
    int sectors = initialise(sector, length);
    vector.encrypt(vectors, 0, sectors * block);
    for (int i = 0; i < sectors; i++) {
      tweaks(i, i * SECTOR, Math.min(length, (i + 1) * SECTOR));
    }
    xor(bytes, from, mask, 0, length);
    blocks(encrypt, bytes, from, length);
    xor(bytes, from, mask, 0, length);
  }

  /// Fills the mask of one sector: its encrypted number times the powers of the generator of
  /// GF(2^128) (IEEE 1619, 5.2).
  private void tweaks(int index, int from, int to) {
    long low = (long) LITTLE.get(vectors, index * block);
    long high = (long) LITTLE.get(vectors, index * block + 8);
    for (int at = from; at < to; at += 16) {
      LITTLE.set(mask, at, low);
      LITTLE.set(mask, at + 8, high);
      long carry = high >> 63 & 0x87;
      high = high << 1 | low >>> 63;
      low = low << 1 ^ carry;
    }
  }

  private void counter(long sector, byte[] bytes, int from, int length) {
    int sectors = initialise(sector, length);
    for (int i = 0; i < sectors; i++) {
      int end = Math.min(length, (i + 1) * SECTOR);
      for (int at = i * SECTOR; at < end; at += block) {
        System.arraycopy(vectors, i * block, mask, at, block);
        increment(vectors, i * block);
      }
    }
    data.encrypt(mask, 0, length);
    xor(bytes, from, mask, 0, length);
  }

  /// Counts up a block, read as a big endian number.
  private void increment(byte[] bytes, int from) {
    for (int at = from + block - 1; at >= from; at--) {
      bytes[at]++;
      if (bytes[at] != 0) {
        return;
      }
    }
  }

  /// CBC decryption knows all ciphertext before it begins: each block takes its predecessor's.
  private void unchain(long sector, byte[] bytes, int from, int length) {
    int sectors = initialise(sector, length);
    System.arraycopy(bytes, from, mask, block, length - block);
    for (int i = 0; i < sectors; i++) {
      System.arraycopy(vectors, i * block, mask, i * SECTOR, block);
    }
    data.decrypt(bytes, from, length);
    xor(bytes, from, mask, 0, length);
  }

  /// CBC encryption runs along a sector, but sectors do not depend on each other: the same block of
  /// all of them is encrypted at once.
  private void chain(long sector, byte[] bytes, int from, int length) {
    initialise(sector, length);
    for (int at = 0; at < Math.min(SECTOR, length); at += block) {
      int count = (length - at + SECTOR - 1) / SECTOR;
      for (int i = 0; i < count; i++) {
        xor(vectors, i * block, bytes, from + i * SECTOR + at, block);
      }
      data.encrypt(vectors, 0, count * block);
      for (int i = 0; i < count; i++) {
        System.arraycopy(vectors, i * block, bytes, from + i * SECTOR + at, block);
      }
    }
  }

  /// Makes the initialisation vectors of the sectors of a piece, one after the other.
  ///
  /// @return how many
  private int initialise(long firstSector, int length) {
    int sectors = (length + SECTOR - 1) / SECTOR;
    for (int i = 0; i < sectors; i++) {
      long number = firstSector + i;
      LITTLE.set(
          vectors, i * block, ivGenerator == IvGenerator.PLAIN ? number & 0xffff_ffffL : number);
      if (block > Long.BYTES) {
        LITTLE.set(vectors, i * block + Long.BYTES, 0L);
      }
    }
    if (essiv != null) {
      essiv.encrypt(vectors, 0, sectors * block);
    }
    return sectors;
  }

  private static void xor(byte[] target, int to, byte[] with, int from, int length) {
    for (int i = 0; i < length; i += Long.BYTES) {
      LITTLE.set(
          target, to + i, (long) LITTLE.get(target, to + i) ^ (long) LITTLE.get(with, from + i));
    }
  }
}
