// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.Below;
import io.varve.image.EncryptionException;
import io.varve.image.GuestOffset;
import io.varve.image.qcow2.NewEncryption;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2KeySlots;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.crypto.CipherAlgorithm;
import io.varve.image.qcow2.crypto.KeySlots;
import io.varve.image.qcow2.crypto.KeyWork;
import io.varve.image.qcow2.crypto.LuksOptions;
import io.varve.testkit.CrashStorage;
import io.varve.testkit.Seed;
import io.varve.testkit.SeededTest;
import io.varve.testkit.SparseBytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;

/// Changes of key slots, cut at each flush and each call: whoever could read the image before and
/// shall be able to afterwards can do so at every moment, and a slot never opens for anybody else.
class KeySlotCrashTest {
  private static final int TORN = 4;
  private static final String FIRST = "open sesame";
  private static final String SECOND = "barley";
  private static final String THIRD = "oats";
  private static final byte[] CONTENT = "what the thieves hid".getBytes(UTF_8);

  /// Two slots are in use: 0 by [#FIRST], 1 by [#SECOND].
  private SparseBytes image;

  private interface Change {
    void on(KeySlots slots) throws IOException;
  }

  /// No time passes but by asking for it, so that every slot has the least number of iterations.
  private static KeyWork work() {
    AtomicLong clock = new AtomicLong();
    return new KeyWork(new Random(1), () -> clock.addAndGet(1_000_000_000));
  }

  private static byte[] bytes(String passphrase) {
    return passphrase.getBytes(UTF_8);
  }

  private static Qcow2Options options(Qcow2Options from, String passphrase) {
    return from.withKeys(_ -> bytes(passphrase));
  }

  @BeforeEach
  void makeImage() throws IOException {
    CrashStorage storage = new CrashStorage();
    LuksOptions luks = LuksOptions.defaults().withCipher(CipherAlgorithm.AES_128).withIterMillis(1);
    NewEncryption encryption = NewEncryption.luks(luks, _ -> bytes(FIRST));
    Qcow2Create.create(storage, Qcow2CreateOptions.ofSize(1 << 20).withEncryption(encryption));
    try (Qcow2Layer layer = Qcow2Layer.open(storage, options(Qcow2Options.readWrite(), FIRST))) {
      layer.write(GuestOffset.ZERO, ByteBuffer.wrap(CONTENT), Below.NOTHING);
      Qcow2KeySlots.change(
          layer, work(), slots -> slots.add(bytes(FIRST), bytes(SECOND), null, 1, false));
      layer.flush();
      image = storage.durable();
    }
  }

  /// Makes a change and judges every state that a crash may leave.
  ///
  /// @param keeper a passphrase that must open the image at every moment
  /// @param passing one that may open it or not
  /// @param opensAtLast true if `passing` must open the finished image, false if it must not
  private void cut(Change change, String keeper, String passing, boolean opensAtLast, Seed seed)
      throws IOException {
    CrashStorage storage = new CrashStorage(image.fork());
    try (Qcow2Layer layer = Qcow2Layer.open(storage, options(Qcow2Options.readWrite(), keeper))) {
      Qcow2KeySlots.change(layer, work(), change::on);
      assertThat(opens(storage.durable(), passing)).as("after the change").isEqualTo(opensAtLast);
      int[] judged = {0};
      storage.images(
          seed.random(),
          TORN,
          state -> {
            assertThat(opens(state.bytes(), keeper)).as("%s", state).isTrue();
            opens(state.bytes(), passing);
            assertThat(opens(state.bytes(), "nobody's")).as("%s", state).isFalse();
            judged[0]++;
          });
      assertThat(judged[0]).isGreaterThan(10);
    }
  }

  /// True if the passphrase opens the image and its content is there; what it opens is never
  /// something else.
  private static boolean opens(SparseBytes state, String passphrase) {
    try (Qcow2Layer layer =
        Qcow2Layer.open(
            new CrashStorage(state.fork()), options(Qcow2Options.readOnly(), passphrase))) {
      ByteBuffer read = ByteBuffer.allocate(CONTENT.length);
      layer.readHeld(GuestOffset.ZERO, read);
      assertThat(read.array()).isEqualTo(CONTENT);
      return true;
    } catch (EncryptionException e) {
      assertThat(e.reason()).isEqualTo(EncryptionException.Reason.WRONG_KEY);
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @SeededTest
  void aPassphraseIsAddedAtOnceOrNotAtAll(Seed seed) throws IOException {
    cut(slots -> slots.add(bytes(FIRST), bytes(THIRD), null, 1, false), FIRST, THIRD, true, seed);
  }

  @SeededTest
  void aPassphraseGoesWithoutTheOthers(Seed seed) throws IOException {
    cut(slots -> slots.erase(0, null, false), SECOND, FIRST, false, seed);
  }

  @SeededTest
  void aSlotThatIsOverwrittenLeavesTheOthersAlone(Seed seed) throws IOException {
    cut(slots -> slots.add(bytes(SECOND), bytes(THIRD), 0, 1, true), SECOND, THIRD, true, seed);
  }
}
