// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.image.qcow2.format.Qcow2FormatException.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeaderAreaTest {
  private static HeaderArea area(int version, int clusterBits) {
    Header header =
        Header.builder(version, clusterBits).l1(0, 0).refcountTable(1L << clusterBits, 1).build();
    return new HeaderArea(header, List.of(), null);
  }

  private static HeaderArea reparse(HeaderArea area) throws Qcow2FormatException {
    return HeaderArea.parse(ByteBuffer.wrap(area.encode()));
  }

  @Test
  void theBackingFileComesBackWithItsFormat() throws Exception {
    HeaderArea found = reparse(area(3, 16).withFeatureNames().withBacking("bäse.qcow2", "qcow2"));

    assertThat(found.backingName()).isEqualTo("bäse.qcow2");
    assertThat(found.backingFormat()).isEqualTo("qcow2");
  }

  @Test
  void theNameFollowsTheEndMarkerAsQemuPutsIt() throws Exception {
    byte[] bytes = area(2, 16).withBacking("base", "raw").encode();

    assertThat(new String(bytes, 72 + 16 + 8, 4, StandardCharsets.UTF_8)).isEqualTo("base");
  }

  @Test
  void droppingTheBackingFileDropsItsFormat() throws Exception {
    HeaderArea found = reparse(area(3, 16).withBacking("a", "raw").withBacking(null, null));

    assertThat(found.backingName()).isNull();
    assertThat(found.backingFormat()).isNull();
    assertThat(found.header().backingOffset()).isZero();
  }

  @Test
  void unknownExtensionsAreKeptInTheirOrder() throws Exception {
    HeaderExtension first = new HeaderExtension(0x11111111, new byte[] {1, 2, 3});
    HeaderExtension second = new HeaderExtension(0x00000001, new byte[0]);
    HeaderExtension again = new HeaderExtension(0x11111111, new byte[] {9});
    HeaderArea area =
        new HeaderArea(area(3, 12).header(), List.of(first, second, again), Bytes.utf8("b"));

    assertThat(reparse(area).extensions()).containsExactly(first, second, again);
  }

  @Test
  void featureNamesAreWrittenOnlyWhereThereIsRoomForThem() {
    assertThat(area(3, 16).withFeatureNames().extensions()).hasSize(1);
    assertThat(area(3, 12).withFeatureNames().extensions()).isEmpty();
    assertThat(area(2, 16).withFeatureNames().extensions()).isEmpty();
  }

  @Test
  void unknownIncompatibleBitsAreRefusedByTheNamesOfTheImageItself() throws Exception {
    byte[] names = new byte[48];
    names[1] = 40;
    System.arraycopy("time\ntravel".getBytes(StandardCharsets.UTF_8), 0, names, 2, 11);
    HeaderArea area = area(3, 16).with(new HeaderExtension(HeaderExtension.FEATURE_NAMES, names));
    Header header = area.header().withIncompatible(1L << 40 | 1L << 9 | 1);
    byte[] bytes = area.withHeader(header).encode();

    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> HeaderArea.parse(ByteBuffer.wrap(bytes)))
        .withMessageContaining(
            "Unsupported qcow2 feature(s): time?travel, Unknown incompatible feature: 200")
        .matches(e -> e.kind() == Kind.UNSUPPORTED);
    assertThat(HeaderArea.inspect(ByteBuffer.wrap(bytes)).unknownFeatures()).contains("travel");
  }

  @Test
  void anExtensionThatEndsBehindItsAreaIsCorrupt() throws Exception {
    byte[] bytes = area(3, 9).encode();
    ByteBuffer.wrap(bytes).putInt(112, 0x12345678).putInt(116, 512 - 120 + 1);

    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> HeaderArea.parse(ByteBuffer.wrap(bytes)))
        .withMessageContaining("header extension at 112: Header extension too large");
  }

  @Test
  void theLargestLengthDoesNotWrapAround() throws Exception {
    byte[] bytes = area(3, 16).encode();
    ByteBuffer.wrap(bytes).putInt(112, 0x12345678).putInt(116, -1);

    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> HeaderArea.parse(ByteBuffer.wrap(bytes)))
        .withMessageContaining("4294967295");
  }

  @Test
  void aNameThatIsNotTextIsKeptButNotOpened() throws Exception {
    byte[] name = {'a', (byte) 0xff, 'b'};
    HeaderArea area = new HeaderArea(area(3, 16).header(), List.of(), Bytes.of(name));
    byte[] bytes = area.encode();

    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> HeaderArea.parse(ByteBuffer.wrap(bytes)))
        .withMessageContaining("not a file name");
    assertThat(HeaderArea.inspect(ByteBuffer.wrap(bytes)).backing()).isEqualTo(Bytes.of(name));
  }

  @Test
  void aNameEndsAtItsFirstNulAndIsKeptWhole() throws Exception {
    byte[] name = {'a', 0, 'b'};
    HeaderArea area = new HeaderArea(area(3, 16).header(), List.of(), Bytes.of(name));

    HeaderArea found = HeaderArea.parse(ByteBuffer.wrap(area.encode()));

    assertThat(found.backingName()).isEqualTo("a");
    assertThat(found.backing()).isEqualTo(Bytes.of(name));
  }

  @Test
  void aFileThatEndsBehindTheHeaderHasNoExtensions() throws Exception {
    byte[] bytes = java.util.Arrays.copyOf(area(3, 16).encode(), 112);

    assertThat(HeaderArea.parse(ByteBuffer.wrap(bytes)).extensions()).isEmpty();
  }

  @Test
  void aFileThatEndsInsideOfAnExtensionIsTruncated() throws Exception {
    byte[] bytes = area(3, 16).withFeatureNames().encode();

    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> HeaderArea.parse(ByteBuffer.wrap(bytes, 0, 200)))
        .withMessageContaining("truncated");
  }
}
