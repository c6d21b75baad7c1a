// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.image.qcow2.format.Qcow2FormatException.Kind;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderTest {
  private static byte[] version3() {
    ByteBuffer out = ByteBuffer.allocate(4096);
    Header.builder(3, 16)
        .size(1 << 30)
        .l1(2, 3 << 16)
        .refcountTable(1 << 16, 1)
        .build()
        .encode(out);
    return out.array();
  }

  private static byte[] version2() {
    ByteBuffer out = ByteBuffer.allocate(4096);
    Header.builder(2, 12)
        .size(1 << 20)
        .l1(1, 3 << 12)
        .refcountTable(1 << 12, 1)
        .build()
        .encode(out);
    return out.array();
  }

  private static Header parse(byte[] bytes) throws Qcow2FormatException {
    return Header.parse(ByteBuffer.wrap(bytes));
  }

  private static void requireRefused(byte[] bytes, Kind kind, String message) {
    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> HeaderArea.parse(ByteBuffer.wrap(bytes)))
        .withMessageContaining(message)
        .matches(e -> e.kind() == kind, "is " + kind);
  }

  @Test
  void versionThreeComesBackAsItWasWritten() throws Exception {
    Header header =
        Header.builder(3, 21)
            .size(1L << 50)
            .l1(1 << 14, 1L << 40)
            .refcountTable(1L << 41, 4)
            .snapshots(3, 1L << 42)
            .refcountOrder(6)
            .compatible(1L << 63 | 1)
            .autoclear(1L << 62)
            .incompatible(FeatureBits.EXTENDED_L2 | FeatureBits.DIRTY)
            .compressionType(Header.COMPRESSION_ZSTD)
            .unknownFields(Bytes.of(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}))
            .headerLength(120)
            .build();
    ByteBuffer out = ByteBuffer.allocate(header.clusterSize());
    header.encode(out);

    assertThat(out.position()).isEqualTo(120);
    assertThat(parse(out.array())).isEqualTo(header);
  }

  @Test
  void versionTwoHasSeventyTwoBytesAndSixteenBitRefcounts() throws Exception {
    byte[] bytes = version2();
    java.util.Arrays.fill(bytes, 72, 80, (byte) 0);

    Header header = parse(bytes);

    assertThat(header.headerLength()).isEqualTo(72);
    assertThat(header.refcountOrder()).isEqualTo(4);
    assertThat(header.encodedLength()).isEqualTo(72);
  }

  @Test
  void theOldestHeaderOfVersionThreeHasNoCompressionType() throws Exception {
    byte[] bytes = version3();
    ByteBuffer.wrap(bytes).putInt(100, 104).put(104, (byte) 7);
    // The byte at 104 belongs to the extensions there: an unknown one of 0 bytes.
    ByteBuffer.wrap(bytes).putInt(108, 0);

    assertThat(parse(bytes).compressionType()).isEqualTo(Header.COMPRESSION_ZLIB);
    assertThat(parse(bytes).encodedLength()).isEqualTo(112);
  }

  @ParameterizedTest
  @CsvSource({
    "20, 8, Unsupported cluster size: 2^8",
    "20, 16, Unsupported cluster size: 2^22",
    "20, ffffffff, Unsupported cluster size: 2^4294967295",
    "24, 80000000, Image is too big",
    "32, 3, Unsupported encryption method 3",
    "36, 0, L1 table is too small",
    "36, 400001, Active L1 table too large",
    "36, ffffffff, Active L1 table too large",
    "40, ffffffff, Active L1 table offset invalid",
    "44, 1, Active L1 table offset invalid",
    "48, 80000000, Reference count table offset invalid",
    "52, 200, Reference count table offset invalid",
    "56, 0, Image does not contain a reference count table",
    "56, 81, Reference count table too large",
    "60, 10001, Snapshot table too large",
    "68, 10, Snapshot table offset invalid",
    "96, 7, may not exceed 64 bits",
    "100, 60, qcow2 header too short",
    "100, 10008, qcow2 header exceeds cluster size",
    "104, 2000000, unknown compression type: 2",
    "104, 1000000, feature bit must be set",
    "76, 8, feature bit must not be set",
    "12, 10001, Invalid backing file offset",
    "8, 80000000, Invalid backing file offset",
  })
  void aDamagedFieldIsNamedInTheWordsOfQemu(int at, String value, String message) {
    byte[] bytes = version3();
    ByteBuffer.wrap(bytes).putInt(at, HexFormat.fromHexDigits(value));

    requireRefused(bytes, Kind.CORRUPT, message);
  }

  @Test
  void whatQemuOpensIsOpened() throws Exception {
    byte[] bytes = version3();
    ByteBuffer.wrap(bytes).putInt(100, 113).putLong(8, 20).putInt(16, 4).putLong(88, 2);

    Header header = Header.parse(ByteBuffer.wrap(bytes));

    assertThat(header.headerLength()).isEqualTo(113);
    assertThat(header.backingOffset()).isEqualTo(20);
    assertThat(header.autoclear()).isEqualTo(FeatureBits.RAW_DATA);
  }

  @Test
  void aSizeThatWrapsAroundIsRefused() {
    byte[] bytes = version3();
    ByteBuffer.wrap(bytes).putLong(24, -1);

    requireRefused(bytes, Kind.CORRUPT, "Could not refresh total sector count: File too large");
  }

  @Test
  void theFirstFaultIsToldInTheOrderOfQemu() {
    byte[] bytes = version3();
    ByteBuffer.wrap(bytes).putInt(36, 0).putInt(96, 7).putLong(72, 1L << 40).putInt(32, 9);

    requireRefused(bytes, Kind.UNSUPPORTED, "Unsupported qcow2 feature(s)");
    ByteBuffer.wrap(bytes).putLong(72, 0);
    requireRefused(bytes, Kind.CORRUPT, "may not exceed 64 bits");
    ByteBuffer.wrap(bytes).putInt(96, 4);
    requireRefused(bytes, Kind.CORRUPT, "Unsupported encryption method 9");
    ByteBuffer.wrap(bytes).putInt(32, 0);
    requireRefused(bytes, Kind.CORRUPT, "L1 table is too small");
  }

  @Test
  void aBackingNameThatIsTooLongIsRefused() {
    byte[] bytes = version3();
    ByteBuffer.wrap(bytes).putLong(8, 200).putInt(16, 1024);

    requireRefused(bytes, Kind.CORRUPT, "Backing file name too long");
  }

  @Test
  void subclustersNeedClustersOfSixteenKibibytes() {
    ByteBuffer out = ByteBuffer.allocate(8192);
    Header.builder(3, 13)
        .incompatible(FeatureBits.EXTENDED_L2)
        .refcountTable(1 << 13, 1)
        .build()
        .encode(out);

    requireRefused(out.array(), Kind.CORRUPT, "Unsupported subcluster size: 256");
  }

  @Test
  void anotherFileIsNotTakenForQcow2() {
    requireRefused(new byte[4096], Kind.NOT_QCOW2, "Image is not in qcow2 format");
    requireRefused(new byte[0], Kind.NOT_QCOW2, "end of file");
  }

  @Test
  void versionsThatNobodyKnowsAreRefusedByNumber() {
    byte[] bytes = version3();
    ByteBuffer.wrap(bytes).putInt(4, 4);

    requireRefused(bytes, Kind.UNSUPPORTED, "Unsupported qcow2 version 4");
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 7, 8, 71, 72, 103})
  void aTruncatedHeaderIsCorrupt(int length) {
    requireRefused(java.util.Arrays.copyOf(version3(), length), Kind.CORRUPT, "truncated");
  }

  @Test
  void anyBytesAreParsedOrRefusedButNeverMore() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = random.nextBoolean() ? version3() : version2();
      for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
        bytes[random.nextInt(8, 160)] = (byte) random.nextInt();
      }
      int length = random.nextInt(4) == 0 ? random.nextInt(bytes.length) : bytes.length;
      try {
        HeaderArea.parse(ByteBuffer.wrap(bytes, 0, length));
      } catch (Qcow2FormatException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }
}
