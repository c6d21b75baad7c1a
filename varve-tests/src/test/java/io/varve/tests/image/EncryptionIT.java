// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.Below;
import io.varve.image.EncryptionException;
import io.varve.image.EncryptionException.Reason;
import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.NewEncryption;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2KeySlots;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.crypto.CipherAlgorithm;
import io.varve.image.qcow2.crypto.CipherMode;
import io.varve.image.qcow2.crypto.HashAlgorithm;
import io.varve.image.qcow2.crypto.IvGenerator;
import io.varve.image.qcow2.crypto.KeyWork;
import io.varve.image.qcow2.crypto.LuksInfo;
import io.varve.image.qcow2.crypto.LuksOptions;
import io.varve.image.qcow2.crypto.NewLuks;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ToolRun;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Encrypted images, each side reading and judging what the other wrote.
class EncryptionIT {
  private static final int SIZE = 1 << 20;
  private static final String SECRET = "secret,id=s,data=open sesame";

  private final QemuTools qemu = QemuTools.require();

  @TempDir Path folder;

  private Path create(String name, String options) throws IOException {
    Path image = folder.resolve(name);
    String all = "encrypt.key-secret=s" + (options.isEmpty() ? "" : "," + options);
    qemu.img("create", "-q", "--object", SECRET, "-f", "qcow2", "-o", all, image.toString(), "1M")
        .ok();
    return image;
  }

  private Path luks(String name, String options) throws IOException {
    return create(name, "encrypt.format=luks,encrypt.iter-time=10" + options);
  }

  private static String opened(Path image) {
    return "driver=qcow2,file.filename=" + image + ",encrypt.key-secret=s";
  }

  private static ToolRun io(Path image, String secret, String... commands) throws IOException {
    List<String> line = new ArrayList<>(List.of("qemu-io", "--object", secret, "--image-opts"));
    for (String each : commands) {
      line.add("-c");
      line.add(each);
    }
    line.add(opened(image));
    return ToolRun.of(line);
  }

  private static Qcow2Layer open(Path image, boolean writable, String passphrase)
      throws IOException {
    FileStorage file =
        FileStorage.open(
            image, writable ? FileAccess.READ_WRITE : FileAccess.READ_ONLY, LockMode.NONE);
    Qcow2Options options = writable ? Qcow2Options.readWrite() : Qcow2Options.readOnly();
    return Qcow2Layer.open(file, options.withKeys(_ -> passphrase.getBytes(UTF_8)));
  }

  private static byte[] read(Path image, String passphrase) throws IOException {
    try (Qcow2Layer layer = open(image, false, passphrase)) {
      ByteBuffer all = ByteBuffer.allocate(SIZE);
      Chain.of(List.of(layer)).read(GuestOffset.ZERO, all);
      return all.array();
    }
  }

  private byte[] readByQemu(Path image) throws IOException {
    Path raw = folder.resolve("raw");
    qemu.img(
            "convert",
            "--object",
            SECRET,
            "--image-opts",
            opened(image),
            "-O",
            "raw",
            raw.toString())
        .ok();
    return Files.readAllBytes(raw);
  }

  private void assertSound(Path image) throws IOException {
    ToolRun check = qemu.img("check", "--object", SECRET, "--image-opts", opened(image));
    assertThat(check.exit()).as(check.toString()).isZero();
    try (FileStorage file = FileStorage.open(image, FileAccess.READ_ONLY, LockMode.NONE)) {
      var report = Qcow2Check.check(file, CheckProgress.NONE);
      assertThat(report.corruptions() + report.leaks() + report.checkErrors()).isZero();
    }
  }

  private void assertShared(Path image) throws IOException {
    io(image, SECRET, "write -P 0x11 0 64k", "write -P 0x22 100k 3k", "write -P 0x33 1000k 24k")
        .ok();
    byte[] before = readByQemu(image);
    assertThat(read(image, "open sesame")).as(image.toString()).isEqualTo(before);
    byte[] own = new byte[70_000];
    new Random(3).nextBytes(own);
    try (Qcow2Layer layer = open(image, true, "open sesame")) {
      layer.write(GuestOffset.of(50_001), ByteBuffer.wrap(own), Below.NOTHING);
      layer.write(GuestOffset.of(600_000), ByteBuffer.wrap(own), Below.NOTHING);
    }
    System.arraycopy(own, 0, before, 50_001, own.length);
    System.arraycopy(own, 0, before, 600_000, own.length);
    assertThat(readByQemu(image)).as(image.toString()).isEqualTo(before);
    assertSound(image);
  }

  /// QEMU takes seconds to make an image, so it makes only some of them.
  @Test
  void whatQemuCreatesIsReadAndWrittenAsByQemu() throws Exception {
    assertShared(
        luks(
            "serpent",
            ",encrypt.cipher-alg=serpent-256,encrypt.cipher-mode=cbc,encrypt.ivgen-alg=essiv"
                + ",encrypt.hash-alg=sha512"));
    assertShared(
        luks(
            "cast5",
            ",encrypt.cipher-alg=cast5-128,encrypt.cipher-mode=ctr,encrypt.hash-alg=ripemd160"));
  }

  @Test
  void everyCipherModeAndVectorIsReadAndWrittenByQemuAsByUs() throws Exception {
    for (CipherAlgorithm cipher : CipherAlgorithm.values()) {
      for (CipherMode mode : CipherMode.values()) {
        for (IvGenerator iv : IvGenerator.values()) {
          LuksOptions options =
              LuksOptions.defaults()
                  .withIterMillis(1)
                  .withCipher(cipher)
                  .withMode(mode)
                  .withIvGenerator(iv);
          Path image = folder.resolve(cipher.text() + mode.text() + iv.text());
          if (possible(options) && (mode != CipherMode.ECB || iv == IvGenerator.PLAIN)) {
            assertShared(made(image, options, 16));
          }
        }
      }
    }
  }

  private static boolean possible(LuksOptions options) {
    try {
      NewLuks.plan("", options, KeyWork.system());
      return true;
    } catch (EncryptionException e) {
      return false;
    }
  }

  @Test
  void everyHashIsUsedAsByQemu() throws Exception {
    for (HashAlgorithm hash : HashAlgorithm.values()) {
      LuksOptions options = LuksOptions.defaults().withIterMillis(1).withHash(hash);
      assertShared(made(folder.resolve(hash.text()), options, 16));
    }
    for (HashAlgorithm hash : List.of(HashAlgorithm.MD5, HashAlgorithm.SHA256, HashAlgorithm.SM3)) {
      LuksOptions options =
          LuksOptions.defaults()
              .withIterMillis(1)
              .withMode(CipherMode.CBC)
              .withIvGenerator(IvGenerator.ESSIV)
              .withIvHash(hash);
      assertShared(made(folder.resolve("iv" + hash.text()), options, 16));
    }
  }

  private static Path made(Path image, LuksOptions options, int clusterBits) throws IOException {
    try (FileStorage file = FileStorage.create(image, LockMode.NONE)) {
      NewEncryption encryption = NewEncryption.luks(options, _ -> "open sesame".getBytes(UTF_8));
      Qcow2Create.create(
          file,
          Qcow2CreateOptions.ofSize(SIZE).withClusterBits(clusterBits).withEncryption(encryption));
    }
    return image;
  }

  @Test
  void subclustersAndSmallClustersAreReadAndWrittenAsByQemu() throws Exception {
    assertShared(luks("subclusters", ",extended_l2=on"));
    LuksOptions quick = LuksOptions.defaults().withIterMillis(1);
    assertShared(made(folder.resolve("small"), quick, 9));
    assertShared(made(folder.resolve("large"), quick, 21));
    assertShared(luks("version2", ",compat=0.10"));
  }

  @Test
  void legacyAesIsReadAndItsWritesNeedToBeAllowed() throws Exception {
    for (String secret : List.of("open sesame", "x", "sixteen or more characters of it")) {
      Path image = folder.resolve("aes" + secret.length());
      String object = "secret,id=s,data=" + secret;
      qemu.img(
              "create",
              "-q",
              "--object",
              object,
              "-f",
              "qcow2",
              "-o",
              "encrypt.format=aes,encrypt.key-secret=s",
              image.toString(),
              "1M")
          .ok();
      io(image, object, "write -P 0x11 0 64k", "write -P 0x22 500k 3k").ok();
      byte[] expected = new byte[SIZE];
      java.util.Arrays.fill(expected, 0, 65536, (byte) 0x11);
      java.util.Arrays.fill(expected, 500 << 10, 503 << 10, (byte) 0x22);
      assertThat(read(image, secret)).isEqualTo(expected);
      assertThatThrownBy(() -> open(image, true, secret))
          .isInstanceOf(EncryptionException.class)
          .hasMessageContaining("only read");
      FileStorage file = FileStorage.open(image, FileAccess.READ_WRITE, LockMode.NONE);
      Qcow2Options options =
          Qcow2Options.readWrite().withLegacyAesWrites(true).withKeys(_ -> secret.getBytes(UTF_8));
      try (Qcow2Layer layer = Qcow2Layer.open(file, options)) {
        layer.write(GuestOffset.of(300), ByteBuffer.wrap(new byte[200]), Below.NOTHING);
      }
      io(image, object, "read -P 0x11 0 300", "read -P 0 300 200", "read -P 0x11 500 65036").ok();
    }
  }

  @Test
  void aHeaderIsToldWithoutAPassphrase() throws Exception {
    Path image =
        luks(
            "info",
            ",encrypt.cipher-alg=twofish-256,encrypt.cipher-mode=cbc,encrypt.ivgen-alg=essiv");
    FileStorage file = FileStorage.open(image, FileAccess.READ_ONLY, LockMode.NONE);
    try (Qcow2Layer layer = Qcow2Layer.open(file, Qcow2Options.readOnly().withoutData())) {
      LuksInfo info = layer.encryption().orElseThrow().luks();
      String theirs = qemu.img("info", image.toString()).ok().out();
      assertThat(theirs)
          .contains("cipher alg: " + info.cipher().text())
          .contains("cipher mode: " + info.mode().text())
          .contains("ivgen alg: " + info.ivGenerator().text())
          .contains("ivgen hash alg: " + info.ivHash().text())
          .contains("hash alg: " + info.hash().text())
          .contains("uuid: " + info.uuid())
          .contains("payload offset: " + info.payloadOffset())
          .contains("master key iters: " + info.masterKeyIterations())
          .contains("iters: " + info.slots().get(0).iterations())
          .contains("key offset: " + info.slots().get(7).keyOffset());
    }
  }

  @Test
  void withoutTheRightPassphraseNothingOpens() throws Exception {
    Path image = luks("closed", "");
    assertThatThrownBy(() -> open(image, false, "open barley"))
        .isInstanceOfSatisfying(
            EncryptionException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.WRONG_KEY);
              assertThat(e.words()).isEqualTo("Invalid password, cannot unlock any keyslot");
            });
    FileStorage file = FileStorage.open(image, FileAccess.READ_ONLY, LockMode.NONE);
    assertThatThrownBy(() -> Qcow2Layer.open(file, Qcow2Options.readOnly()))
        .isInstanceOfSatisfying(
            EncryptionException.class,
            e ->
                assertThat(e.words())
                    .isEqualTo("Parameter 'encrypt.key-secret' is required for cipher"));
  }

  @Test
  void whatCannotBeDoneIsRefusedBeforeAnythingIsWritten() throws Exception {
    LuksOptions options = LuksOptions.defaults().withCipher(CipherAlgorithm.TWOFISH_192);
    Path image = folder.resolve("refused");
    try (FileStorage file = FileStorage.create(image, LockMode.NONE)) {
      NewEncryption encryption =
          NewEncryption.luks(options.withMode(CipherMode.CBC), _ -> new byte[1]);
      Qcow2CreateOptions wanted = Qcow2CreateOptions.ofSize(SIZE).withEncryption(encryption);
      assertThatThrownBy(() -> Qcow2Create.create(file, wanted))
          .isInstanceOf(EncryptionException.class)
          .hasMessageContaining("does not fill sectors");
    }
    assertThat(image).isEmptyFile();
  }

  @Test
  void keySlotsThatWeAddAndEraseOpenAndCloseTheImageForQemu() throws Exception {
    Path image = luks("slots", "");
    io(image, SECRET, "write -P 0x5a 0 1M").ok();
    KeyWork work = KeyWork.system();
    byte[] first = "open sesame".getBytes(UTF_8);
    byte[] second = "barley".getBytes(UTF_8);
    try (Qcow2Layer layer = open(image, true, "open sesame")) {
      Qcow2KeySlots.change(
          layer,
          work,
          slots -> {
            assertThat(slots.add(first, second, null, 10, false)).isEqualTo(1);
            assertThat(slots.add(second, second, 6, 10, false)).isEqualTo(6);
            assertThatThrownBy(() -> slots.add(first, second, 6, 10, false))
                .hasMessageContaining("Refusing to overwrite active keyslot 6");
            slots.erase(0, null, false);
          });
    }
    assertThat(io(image, SECRET, "read 0 512").exit()).isEqualTo(1);
    String barley = "secret,id=s,data=barley";
    io(image, barley, "read -P 0x5a 0 1M").ok();
    try (Qcow2Layer layer = open(image, true, "barley")) {
      Qcow2KeySlots.change(
          layer,
          work,
          slots -> {
            assertThatThrownBy(() -> slots.eraseAll(second, false))
                .hasMessageContaining("refusing operation");
            slots.erase(1, second, false);
            assertThatThrownBy(() -> slots.erase(6, null, false))
                .hasMessageContaining("only active keyslot 6");
            slots.add(second, first, 6, 10, true);
          });
    }
    io(image, SECRET, "read -P 0x5a 0 1M").ok();
    assertSound(image);
  }
}
