// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.ImageException;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ForeignFormatsTest {
  private static final int MIB = 1 << 20;

  private final MemoryStorage file = new MemoryStorage("image");

  private Layer open(LayerFormat format) throws IOException {
    return ForeignFormats.open(format, file.reopen(true), ExtentSource.NONE);
  }

  private void assertRefused(LayerFormat format, String words) {
    assertThatThrownBy(() -> open(format))
        .isInstanceOfSatisfying(ImageException.class, e -> assertThat(e.words()).isEqualTo(words));
  }

  /// Two blocks, of which the second one is there.
  private static ByteBuffer vdi() {
    ByteBuffer vdi = ByteBuffer.allocate(1024 + MIB).order(ByteOrder.LITTLE_ENDIAN);
    vdi.putInt(0x40, 0xbeda107f).putInt(0x44, 0x10001).putInt(0x4c, 1);
    vdi.putInt(0x154, 512).putInt(0x158, 1024).putInt(0x168, 512);
    vdi.putLong(0x170, 2 * MIB).putInt(0x178, MIB).putInt(0x180, 2).putInt(0x184, 1);
    vdi.putInt(512, -1).putInt(516, 0);
    return vdi.put(1024 + 5, (byte) 42);
  }

  @Test
  void readsTheBlocksOfAVdi() throws IOException {
    file.write(0, vdi());
    try (Layer layer = open(LayerFormat.VDI)) {
      assertThat(layer.size()).isEqualTo(2 * MIB);
      assertThat(layer.lookup(GuestOffset.ZERO, MIB).kind()).isEqualTo(ExtentKind.ZERO);
      ByteBuffer part = ByteBuffer.allocate(10);
      assertThat(layer.readHeld(GuestOffset.of(MIB), part)).isEqualTo(10);
      assertThat(part.get(5)).isEqualTo((byte) 42);
    }
  }

  @Test
  void refusesAVdiInQemusWords() throws IOException {
    file.write(0, vdi().putInt(0x44, 0x20003).rewind());
    assertRefused(LayerFormat.VDI, "unsupported VDI image (version 2.3)");
    file.write(0, vdi().putInt(0x178, 4096).rewind());
    assertRefused(LayerFormat.VDI, "unsupported VDI image (block size 4096 is not 1048576)");
    file.write(0, vdi().putLong(0x1b8, 1).rewind());
    assertRefused(LayerFormat.VDI, "unsupported VDI image (non-NULL parent UUID)");
    file.write(0, vdi().putInt(0x180, 1).rewind());
    assertRefused(
        LayerFormat.VDI,
        "unsupported VDI image (disk size 2097152, image bitmap has room for 1048576)");
  }

  private static ByteBuffer vhd(int type, String creator) {
    ByteBuffer footer = ByteBuffer.allocate(512);
    footer.put(0, "conectix".getBytes(StandardCharsets.US_ASCII));
    footer.put(28, creator.getBytes(StandardCharsets.US_ASCII)).putLong(48, 2 * MIB);
    footer.putShort(56, (short) 10).put(58, (byte) 4).put(59, (byte) 17).putInt(60, type);
    int sum = 0;
    for (byte b : footer.array()) {
      sum += b & 0xff;
    }
    return footer.putInt(64, ~sum);
  }

  @Test
  void takesTheSizeOfAVhdFromItsGeometryOrItsFooterByWhoMadeIt() throws IOException {
    file.write(2 * MIB, vhd(2, "vpc "));
    try (Layer layer = open(LayerFormat.VPC)) {
      assertThat(layer.size()).isEqualTo(10L * 4 * 17 * 512);
    }
    file.write(2 * MIB, vhd(2, "win "));
    try (Layer layer = open(LayerFormat.VPC)) {
      assertThat(layer.size()).isEqualTo(2 * MIB);
    }
  }

  @Test
  void refusesADifferencingOrDamagedVhd() throws IOException {
    file.write(0, vhd(4, "win "));
    assertThatThrownBy(() -> open(LayerFormat.VPC)).hasMessageContaining("differencing");
    file.write(0, vhd(3, "win ").put(200, (byte) 1).rewind());
    assertRefused(LayerFormat.VPC, "Incorrect header checksum");
  }

  @Test
  void opensNoFileThatADescriptorNamesWithoutASource() throws IOException {
    String text = "createType=\"monolithicFlat\"\nRW 8 FLAT \"other.vmdk\" 0\n";
    file.write(0, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    assertThatThrownBy(() -> open(LayerFormat.VMDK))
        .hasMessageContaining("none may be opened here");
  }

  @Test
  void tellsAFormatByItsFirstBytesOnly() {
    assertThat(probe("conectix")).isEqualTo(LayerFormat.VPC);
    assertThat(probe("vhdxfile")).isEqualTo(LayerFormat.VHDX);
    assertThat(probe("KDMV")).isEqualTo(LayerFormat.VMDK);
    assertThat(probe("# Disk DescriptorFile\n \nversion=1\nCID=1\n")).isEqualTo(LayerFormat.VMDK);
    assertThat(probe("version=4\nCID=1\n")).isNull();
    assertThat(probe("text\nversion=1\n")).isNull();
    assertThat(probe("")).isNull();
    assertThat(ForeignFormats.probe(vdi().limit(2048))).isEqualTo(LayerFormat.VDI);
  }

  private static LayerFormat probe(String start) {
    return ForeignFormats.probe(ByteBuffer.wrap(start.getBytes(StandardCharsets.US_ASCII)));
  }
}
