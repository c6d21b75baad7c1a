// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.image.UnsupportedImageException;
import io.varve.image.storage.MemoryStorage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DataAreaTest {
  /// Turns each sector by a key that both of its offsets go into, and refuses parts of sectors.
  private static final class TurningCipher implements DataCipher {
    @Override
    public void decrypt(long host, long guest, byte[] data, int from, int length) {
      assertThat(host % 512 | guest % 512 | from % 512 | length % 512).isZero();
      for (int i = 0; i < length; i++) {
        data[from + i] ^= (byte) ((host + i) / 512 * 31 + (guest + i) / 512 * 7 + 1);
      }
    }

    @Override
    public void encrypt(long host, long guest, byte[] data, int from, int length) {
      decrypt(host, guest, data, from, length);
    }
  }

  private final MemoryStorage storage = new MemoryStorage("image");
  private final DataArea area = DataArea.inImage(storage, new TurningCipher());

  @Test
  void whatWasWrittenAtAnyAlignmentReadsBack() throws Exception {
    byte[] model = new byte[3 << 20];
    area.write(1 << 20, 4096, ByteBuffer.wrap(model));
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      int at = random.nextInt(model.length);
      int length = Math.min(model.length - at, 1 + random.nextInt(round < 190 ? 3000 : 2 << 20));
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      System.arraycopy(bytes, 0, model, at, length);
      area.write((1 << 20) + at, 4096 + at, ByteBuffer.wrap(bytes));
    }

    ByteBuffer found = ByteBuffer.allocate(model.length - 100);
    area.read((1 << 20) + 77, 4096 + 77, found);

    assertThat(found.array()).isEqualTo(Arrays.copyOfRange(model, 77, model.length - 23));
  }

  @Test
  void storageHoldsCipherTextOnly() throws Exception {
    area.write(512, 0, ByteBuffer.wrap(new byte[512]));

    ByteBuffer raw = ByteBuffer.allocate(512);
    storage.read(512, raw);
    assertThat(raw.array()).doesNotContain(0);
  }

  @Test
  void anEncryptedAreaHasNoBlankSpace() {
    assertThat(area.blankIsZero()).isFalse();
    assertThat(area.inPlaceUnit()).isEqualTo(512);
    assertThat(DataArea.inImage(storage, null).blankIsZero()).isTrue();
    assertThat(DataArea.external(storage, false, null).blankIsZero()).isFalse();
  }

  @Test
  void anAreaThatWasNotOpenedRefusesByName() {
    DataArea absent = DataArea.absent("image", true);

    assertThat(absent.external()).isTrue();
    assertThatExceptionOfType(UnsupportedImageException.class)
        .isThrownBy(() -> absent.read(0, 0, ByteBuffer.allocate(1)))
        .withMessageContaining("image: the image was opened for its metadata only");
  }
}
