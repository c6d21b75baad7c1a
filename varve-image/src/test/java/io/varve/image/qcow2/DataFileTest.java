// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import static io.varve.image.qcow2.TestImages.check;
import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.image;
import static io.varve.image.qcow2.TestImages.pattern;
import static io.varve.image.qcow2.TestImages.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.image.Below;
import io.varve.image.CorruptImageException;
import io.varve.image.EncryptionException;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.MemoryStorage;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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
  void encryptionIsRefusedWithoutAKey() throws Exception {
    MemoryStorage image = withHeader(32, Header.CRYPT_AES, Integer.BYTES);

    assertThatExceptionOfType(EncryptionException.class)
        .isThrownBy(() -> Qcow2Layer.open(image.reopen(false), Qcow2Options.readOnly()))
        .withMessageContaining("key-secret");
  }

  @Test
  void aMissingEncryptionHeaderIsToldBeforeAMissingKey() throws Exception {
    MemoryStorage image = withHeader(32, Header.CRYPT_LUKS, Integer.BYTES);

    assertThatExceptionOfType(CorruptImageException.class)
        .isThrownBy(() -> Qcow2Layer.open(image.reopen(false), Qcow2Options.readOnly()))
        .withMessageContaining("Missing CRYPTO header for crypt method 2");
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

  private MemoryStorage created(boolean raw) throws IOException {
    MemoryStorage image = new MemoryStorage("image");
    data.write(0, ByteBuffer.wrap(pattern(3 << 20, 0x77)));
    Qcow2CreateOptions options = Qcow2CreateOptions.ofSize(1 << 20).withDataFile("data", raw);
    Qcow2Create.create(image, data, options);
    return image;
  }

  private byte[] dataBytes(long at, int length) throws IOException {
    ByteBuffer found = ByteBuffer.allocate(length);
    data.read(at, found);
    return found.array();
  }

  @Test
  void creationEmptiesTheDataFileAndNamesIt() throws Exception {
    MemoryStorage image = created(false);

    assertThat(data.size()).isEqualTo(1 << 20);
    assertThat(dataBytes(0, 1 << 20)).containsOnly(0);
    assertThat(HeaderFile.read(image).dataFileName()).isEqualTo("data");
    try (Qcow2Layer layer = open(image)) {
      assertThat(layer.lookup(GuestOffset.ZERO, CLUSTER).kind()).isEqualTo(ExtentKind.NONE);
    }
  }

  @Test
  void aRawDataFileIsMappedWholeAndKeepsItsPromise() throws Exception {
    MemoryStorage image = created(true);
    try (Qcow2Layer layer = open(image)) {
      assertThat(layer.lookup(GuestOffset.ZERO, 1 << 20).length()).isEqualTo(1 << 20);
      fill(layer, 0, 4 * CLUSTER, 1);
      layer.zero(GuestOffset.ZERO, CLUSTER, ZeroMode.KEEP, Below.NOTHING);
      layer.zero(GuestOffset.of(CLUSTER), 1000, ZeroMode.UNMAP, Below.NOTHING);
      layer.discard(GuestOffset.of(2 * CLUSTER), CLUSTER, Below.NOTHING);
    }

    assertThat(dataBytes(0, CLUSTER + 1000)).containsOnly(0);
    assertThat(dataBytes(CLUSTER + 1000, CLUSTER - 1000)).containsOnly(1);
    assertThat(dataBytes(2 * CLUSTER, CLUSTER)).containsOnly(0);
    assertThat(dataBytes(3 * CLUSTER, CLUSTER)).containsOnly(1);
    assertThat(HeaderFile.read(image).header().autoclear()).isEqualTo(FeatureBits.RAW_DATA);
  }

  @Test
  void theDataFileFollowsTheSizeOfTheDisk() throws Exception {
    MemoryStorage image = created(true);
    try (Qcow2Layer layer = open(image)) {
      layer.resize(5 << 19, Below.NOTHING);
      assertThat(data.size()).isEqualTo(5 << 19);
      assertThat(layer.lookup(GuestOffset.of(2 << 20), CLUSTER).kind()).isEqualTo(ExtentKind.DATA);

      layer.resize(1 << 19, Below.NOTHING);
      assertThat(data.size()).isEqualTo(1 << 19);
    }
  }

  @Test
  void neitherSnapshotsNorCompressedClustersFitADataFile() throws Exception {
    try (Qcow2Layer layer = open(created(false))) {
      assertThatExceptionOfType(UnsupportedImageException.class)
          .isThrownBy(() -> layer.snapshots().create("s", Instant.EPOCH))
          .withMessageContaining("external data file");
      assertThatExceptionOfType(UnsupportedImageException.class)
          .isThrownBy(() -> layer.writeCompressed(GuestOffset.ZERO, new byte[9], 9))
          .withMessageContaining("external data file");
    }
  }

  @Test
  void dataIsDurableBeforeTheIndexNamesIt() throws Exception {
    MemoryStorage image = created(false);
    List<String> calls = new ArrayList<>();
    Qcow2Options options =
        Qcow2Options.readWrite().withDataFile((_, _) -> noting(data.reopen(false), "data", calls));
    try (Qcow2Layer layer = Qcow2Layer.open(noting(image.reopen(false), "image", calls), options)) {
      calls.clear();
      fill(layer, 0, CLUSTER, 1);
      layer.flush();
    }

    // Counts and a table that nothing names yet may come early; the L1 entry comes last.
    assertThat(calls)
        .startsWith("image", "data", "image", "data flush", "image flush", "image", "image flush");
  }

  /// Notes writes, neighbours in one, and flushes.
  private static Storage noting(Storage inner, String name, List<String> calls) {
    return new ForwardingStorage(inner) {
      @Override
      public void write(long position, ByteBuffer src) throws IOException {
        if (calls.isEmpty() || !calls.getLast().equals(name)) {
          calls.add(name);
        }
        super.write(position, src);
      }

      @Override
      public void flush() throws IOException {
        calls.add(name + " flush");
        super.flush();
      }
    };
  }

  @Test
  void checkFollowsTheTablesAndCountsNoData() throws Exception {
    MemoryStorage image = created(true);
    try (Qcow2Layer layer = open(image)) {
      fill(layer, 0, 1 << 20, 1);
    }

    assertThat(check(image).sound()).isTrue();
    assertThat(check(image).allocatedClusters()).isEqualTo(16);
  }
}
