// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.image;
import static io.varve.image.qcow2.TestImages.pattern;
import static io.varve.image.qcow2.TestImages.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class DataFileTest {
  private static final int CLUSTER = 64 << 10;

  private final MemoryStorage data = new MemoryStorage("data");

  private static MemoryStorage withHeader(int at, long value, int bytes) throws IOException {
    MemoryStorage storage = image(Qcow2CreateOptions.ofSize(1 << 20));
    ByteBuffer field = ByteBuffer.allocate(bytes);
    if (bytes == Long.BYTES) {
      field.putLong(value);
    } else {
      field.putInt((int) value);
    }
    storage.write(at, field.flip());
    return storage;
  }

  private Qcow2Layer open(MemoryStorage image) throws IOException {
    return Qcow2Layer.open(
        image.reopen(false), Qcow2Options.readWrite().withDataFile((_, _) -> data.reopen(false)));
  }

  @Test
  void encryptionIsRefusedByNameWithACure() throws Exception {
    MemoryStorage image = withHeader(32, Header.CRYPT_LUKS, Integer.BYTES);

    assertThatExceptionOfType(UnsupportedImageException.class)
        .isThrownBy(() -> Qcow2Layer.open(image.reopen(false), Qcow2Options.readOnly()))
        .withMessageContaining("encryption (LUKS)");
  }

  @Test
  void aDataFileIsRefusedUnlessTheCallerOpensIt() throws Exception {
    MemoryStorage image = withHeader(72, FeatureBits.DATA_FILE, Long.BYTES);

    assertThatExceptionOfType(UnsupportedImageException.class)
        .isThrownBy(() -> Qcow2Layer.open(image.reopen(false), Qcow2Options.readOnly()))
        .withMessageContaining("external data file");
  }

  @Test
  void metadataIsReadWithoutTheDataFile() throws Exception {
    MemoryStorage image = withHeader(72, FeatureBits.DATA_FILE, Long.BYTES);
    try (Qcow2Layer layer = open(image)) {
      fill(layer, 0, CLUSTER, 1);
    }

    try (Qcow2Layer layer =
        Qcow2Layer.open(image.reopen(false), Qcow2Options.readOnly().withoutData())) {
      assertThat(layer.lookup(GuestOffset.ZERO, CLUSTER).kind()).isEqualTo(ExtentKind.DATA);
      assertThatExceptionOfType(UnsupportedImageException.class)
          .isThrownBy(() -> read(layer, 0, 512))
          .withMessageContaining("metadata only");
    }
  }

  @Test
  void guestDataLiesAtItsOwnOffsetInTheDataFile() throws Exception {
    MemoryStorage image = withHeader(72, FeatureBits.DATA_FILE, Long.BYTES);
    data.write(0, ByteBuffer.wrap(pattern(1 << 20, 0x77)));
    try (Qcow2Layer layer = open(image)) {
      fill(layer, 0, CLUSTER, 1);
      fill(layer, 5L * CLUSTER + 1000, 10, 2);
    }

    try (Qcow2Layer layer = open(image)) {
      assertThat(read(layer, 0, CLUSTER)).isEqualTo(pattern(CLUSTER, 1));
      byte[] fifth = read(layer, 5L * CLUSTER, CLUSTER);
      assertThat(fifth[999]).isZero();
      assertThat(fifth[1000]).isEqualTo((byte) 2);
      assertThat(fifth[1010]).isZero();
      assertThat(layer.lookup(GuestOffset.ZERO, CLUSTER).hostOffset()).isZero();
      assertThat(layer.lookup(GuestOffset.of(5 * CLUSTER), CLUSTER).hostOffset())
          .isEqualTo(5L * CLUSTER);
    }
    ByteBuffer found = ByteBuffer.allocate(10);
    data.read(5L * CLUSTER + 1000, found);
    assertThat(found.array()).isEqualTo(pattern(10, 2));
  }
}
