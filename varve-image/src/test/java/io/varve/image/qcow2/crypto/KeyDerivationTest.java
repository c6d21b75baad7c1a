// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.Random;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.junit.jupiter.api.Test;

class KeyDerivationTest {
  private static String derive(
      HashAlgorithm hash, String secret, String salt, int iterations, int length) {
    return HexFormat.of()
        .formatHex(
            Pbkdf2.derive(
                hash, secret.getBytes(US_ASCII), salt.getBytes(US_ASCII), iterations, length));
  }

  @Test
  void pbkdf2AgreesWithRfc6070AndRfc7914() {
    assertThat(derive(HashAlgorithm.SHA1, "password", "salt", 4096, 20))
        .isEqualTo("4b007901b765489abead49d926f721d065a429c1");
    assertThat(
            derive(
                HashAlgorithm.SHA1,
                "passwordPASSWORDpassword",
                "saltSALTsaltSALTsaltSALTsaltSALTsalt",
                4096,
                25))
        .isEqualTo("3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038");
    assertThat(derive(HashAlgorithm.SHA256, "passwd", "salt", 1, 64))
        .isEqualTo(
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
  }

  @Test
  void longSecretsAreHashedFirstAsTheRuntimeDoes() throws Exception {
    String secret = "x".repeat(200);
    byte[] salt = new byte[32];
    byte[] theirs =
        SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512")
            .generateSecret(new PBEKeySpec(secret.toCharArray(), salt, 7, 512))
            .getEncoded();
    assertThat(Pbkdf2.derive(HashAlgorithm.SHA512, secret.getBytes(US_ASCII), salt, 7, 64))
        .isEqualTo(theirs);
  }

  @Test
  void theSplitterGivesTheKeyBackAndNeedsEveryStripe() {
    Random random = new Random(5);
    for (HashAlgorithm hash : HashAlgorithm.values()) {
      byte[] key = new byte[64];
      random.nextBytes(key);
      byte[] split = AntiForensic.split(hash, key, 50, random);
      assertThat(AntiForensic.merge(hash, split, 50)).isEqualTo(key);
      split[17 * 64] ^= 1;
      assertThat(AntiForensic.merge(hash, split, 50)).isNotEqualTo(key);
    }
  }

  @Test
  void iterationsFollowTheClock() throws Exception {
    long[] now = {0};
    // Whatever is done takes a second by this clock: 8192 iterations, the first try, a second.
    KeyWork work = new KeyWork(new Random(1), () -> now[0] += 1_000_000_000L);
    assertThat(work.iterations(HashAlgorithm.SHA1, 20, 2000, 1)).isEqualTo(2 * 8192);
    assertThat(work.iterations(HashAlgorithm.SHA1, 20, 4000, 8)).isEqualTo(4096);
    assertThat(work.iterations(HashAlgorithm.SHA1, 20, 1, 1)).isEqualTo(1000);
    assertThatThrownBy(() -> work.iterations(HashAlgorithm.SHA1, 20, 0, 1))
        .hasMessage("PBKDF iterations 8192 too large to scale: Numerical result out of range");
  }

  @Test
  void aHeaderThatAsksForYearsOfWorkIsRefused() {
    assertThatThrownBy(() -> KeyWork.requireBounded("Keyslot 3", HashAlgorithm.SHA256, -1, 64))
        .hasMessageContaining("Keyslot 3 asks for 4294967295 PBKDF iterations");
  }
}
