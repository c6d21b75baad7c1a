// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import org.bouncycastle.crypto.engines.CAST5Engine;
import org.bouncycastle.crypto.engines.SerpentEngine;
import org.bouncycastle.crypto.engines.TwofishEngine;
import org.bouncycastle.crypto.params.KeyParameter;

/// The ciphers that the Java runtime lacks, by BouncyCastle. The only user of its ciphers, so that
/// the library is loaded only where an image names one of them.
final class OtherBlocks implements BlockCipher {
  private final org.bouncycastle.crypto.BlockCipher encryption;
  private final org.bouncycastle.crypto.BlockCipher decryption;
  private final int block;

  OtherBlocks(CipherAlgorithm.Family family, byte[] key, int from, int length) {
    KeyParameter parameter = new KeyParameter(key, from, length);
    encryption = engine(family);
    encryption.init(true, parameter);
    decryption = engine(family);
    decryption.init(false, parameter);
    block = family.blockBytes;
  }

  private static org.bouncycastle.crypto.BlockCipher engine(CipherAlgorithm.Family family) {
    return switch (family) {
      case SERPENT -> new SerpentEngine();
      case TWOFISH -> new TwofishEngine();
      case CAST5 -> new CAST5Engine();
      case AES -> throw new IllegalArgumentException("AES is the runtime's");
    };
  }

  @Override
  public int blockBytes() {
    return block;
  }

  @Override
  public void encrypt(byte[] data, int from, int length) {
    for (int at = from; at < from + length; at += block) {
      encryption.processBlock(data, at, data, at);
    }
  }

  @Override
  public void decrypt(byte[] data, int from, int length) {
    for (int at = from; at < from + length; at += block) {
      decryption.processBlock(data, at, data, at);
    }
  }
}
