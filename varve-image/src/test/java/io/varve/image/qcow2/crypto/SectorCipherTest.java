// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class SectorCipherTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final int SECTORS = 150;

  private final Random random = new Random(11);

  private static CipherSpec spec(CipherAlgorithm algorithm, CipherMode mode, IvGenerator iv) {
    return new CipherSpec(
        algorithm, mode, iv, iv == IvGenerator.ESSIV ? HashAlgorithm.SHA256 : null);
  }

  private static byte[] counting() {
    byte[] data = new byte[512];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) i;
    }
    return data;
  }

  private static String firstBytes(byte[] data, int length) {
    return HEX.formatHex(data, 0, length);
  }

  @Test
  void xtsWithAes128AgreesWithIeee1619Vector1() throws Exception {
    byte[] data = new byte[32];
    new SectorCipher(
            spec(CipherAlgorithm.AES_128, CipherMode.XTS, IvGenerator.PLAIN64), new byte[32])
        .encrypt(0, data, 0, 32);
    assertThat(HEX.formatHex(data))
        .isEqualTo("917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e");
  }

  @Test
  void xtsWithAes128AgreesWithIeee1619Vector4() throws Exception {
    byte[] key = HEX.parseHex("2718281828459045235360287471352631415926535897932384626433832795");
    byte[] data = counting();
    new SectorCipher(spec(CipherAlgorithm.AES_128, CipherMode.XTS, IvGenerator.PLAIN64), key)
        .encrypt(0, data, 0, 512);
    assertThat(firstBytes(data, 64))
        .isEqualTo(
            "27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c"
                + "c78cf7f5e543445f8333d8fa7f56000005279fa5d8b5e4ad40e736ddb4d35412");
  }

  @Test
  void xtsWithAes256AgreesWithIeee1619Vector10() throws Exception {
    byte[] key =
        HEX.parseHex(
            "2718281828459045235360287471352662497757247093699959574966967627"
                + "3141592653589793238462643383279502884197169399375105820974944592");
    byte[] data = counting();
    new SectorCipher(spec(CipherAlgorithm.AES_256, CipherMode.XTS, IvGenerator.PLAIN64), key)
        .encrypt(0xff, data, 0, 512);
    assertThat(firstBytes(data, 64))
        .isEqualTo(
            "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b"
                + "5d31e276f8fe4a8d66b317f9ac683f44680a86ac35adfc3345befecb4bb188fd");
  }

  @Test
  void cbcAndCtrAndEcbOfAesAgreeWithTheRuntimesOwn() throws Exception {
    for (IvGenerator iv : IvGenerator.values()) {
      for (CipherMode mode : new CipherMode[] {CipherMode.CBC, CipherMode.CTR, CipherMode.ECB}) {
        byte[] key = new byte[32];
        random.nextBytes(key);
        byte[] plain = new byte[SECTORS * 512];
        random.nextBytes(plain);
        long first = 0xffff_fff0L;
        byte[] data = plain.clone();
        SectorCipher cipher = new SectorCipher(spec(CipherAlgorithm.AES_256, mode, iv), key);
        cipher.encrypt(first, data, 0, data.length);
        for (int i = 0; i < SECTORS; i++) {
          assertThat(Arrays.copyOfRange(data, i * 512, (i + 1) * 512))
              .as("%s %s sector %d", mode, iv, i)
              .isEqualTo(expected(mode, iv, key, first + i, plain, i * 512));
        }
        cipher.decrypt(first, data, 0, data.length);
        assertThat(data).isEqualTo(plain);
      }
    }
  }

  private static byte[] expected(
      CipherMode mode, IvGenerator iv, byte[] key, long sector, byte[] plain, int from)
      throws Exception {
    Cipher cipher =
        Cipher.getInstance("AES/" + mode.text().toUpperCase(Locale.ROOT) + "/NoPadding");
    SecretKeySpec spec = new SecretKeySpec(key, "AES");
    if (mode == CipherMode.ECB) {
      cipher.init(Cipher.ENCRYPT_MODE, spec);
    } else {
      cipher.init(Cipher.ENCRYPT_MODE, spec, new IvParameterSpec(vector(iv, key, sector)));
    }
    return cipher.doFinal(plain, from, 512);
  }

  private static byte[] vector(IvGenerator iv, byte[] key, long sector) throws Exception {
    byte[] vector = new byte[16];
    for (int i = 0; i < (iv == IvGenerator.PLAIN ? 4 : 8); i++) {
      vector[i] = (byte) (sector >>> 8 * i);
    }
    if (iv != IvGenerator.ESSIV) {
      return vector;
    }
    Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
    byte[] hashed = MessageDigest.getInstance("SHA-256").digest(key);
    cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(hashed, "AES"));
    return cipher.doFinal(vector);
  }

  @Test
  void manySectorsAtOnceAreThoseOneByOneForEveryCipher() throws Exception {
    for (CipherAlgorithm algorithm : CipherAlgorithm.values()) {
      for (CipherMode mode : CipherMode.values()) {
        for (IvGenerator iv : new IvGenerator[] {IvGenerator.PLAIN64, IvGenerator.ESSIV}) {
          CipherSpec spec =
              new CipherSpec(
                  algorithm,
                  mode,
                  iv,
                  algorithm == CipherAlgorithm.CAST5_128
                      ? HashAlgorithm.MD5
                      : HashAlgorithm.SHA256);
          try {
            spec.requirePossible();
          } catch (EncryptionWords e) {
            continue;
          }
          byte[] key = new byte[spec.keyBytes()];
          random.nextBytes(key);
          byte[] plain = new byte[130 * 512];
          random.nextBytes(plain);
          byte[] whole = new byte[plain.length + 7];
          System.arraycopy(plain, 0, whole, 7, plain.length);
          SectorCipher cipher = new SectorCipher(spec, key);
          cipher.encrypt(3, whole, 7, plain.length);
          byte[] single = plain.clone();
          for (int i = 0; i < 130; i++) {
            cipher.encrypt(3 + i, single, i * 512, 512);
          }
          assertThat(Arrays.copyOfRange(whole, 7, whole.length)).as("%s", spec).isEqualTo(single);
          cipher.decrypt(3, whole, 7, plain.length);
          assertThat(Arrays.copyOfRange(whole, 7, whole.length)).as("%s", spec).isEqualTo(plain);
        }
      }
    }
  }

  @Test
  void whatQemuRefusesIsRefusedInItsWords() {
    assertThatThrownBy(() ->
            spec(CipherAlgorithm.TRIPLE_DES, CipherMode.CBC, IvGenerator.PLAIN).requirePossible())
        .hasMessage("Algorithm '3des' not supported");
    assertThatThrownBy(() ->
            spec(CipherAlgorithm.CAST5_128, CipherMode.XTS, IvGenerator.PLAIN).requirePossible())
        .hasMessage("Unsupported cipher mode xts");
    assertThatThrownBy(() ->
            spec(CipherAlgorithm.CAST5_128, CipherMode.XTS, IvGenerator.ESSIV).requirePossible())
        .hasMessage("Cipher cast5-128 not supported with essiv");
    assertThatThrownBy(() ->
            new CipherSpec(
                    CipherAlgorithm.TWOFISH_256,
                    CipherMode.XTS,
                    IvGenerator.ESSIV,
                    HashAlgorithm.SHA512)
                .requirePossible())
        .hasMessage("No Twofish cipher with key size 64 available");
  }
}
