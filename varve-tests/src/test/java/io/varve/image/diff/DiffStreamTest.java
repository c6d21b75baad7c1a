// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.op.Progress;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.storage.MemoryStorage;
import io.varve.testkit.SeededTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/// What is sent arrives; what is not what was sent is refused.
class DiffStreamTest {
  private static final int MIB = 1 << 20;
  private static final long SIZE = 8L * MIB;

  private static Chain disk(long size) throws IOException {
    MemoryStorage file = new MemoryStorage("disk");
    Qcow2Create.create(file, Qcow2CreateOptions.ofSize(size));
    return Chain.of(List.of(Qcow2Layer.open(file, Qcow2Options.readWrite())));
  }

  private static void write(Chain disk, long at, int length, int value) throws IOException {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    disk.write(GuestOffset.of(at), ByteBuffer.wrap(bytes));
  }

  private static byte[] read(Chain disk) throws IOException {
    ByteBuffer all = ByteBuffer.allocate((int) disk.size());
    disk.read(GuestOffset.of(0), all);
    return all.array();
  }

  private static DiffHeader header(long size, boolean digest) {
    return new DiffHeader(
        0,
        size,
        false,
        null,
        new UUID(1, 2),
        null,
        digest,
        42,
        new DiffTotals(2, 3, 4),
        "shop",
        "",
        "mön");
  }

  private static byte[] send(Chain disk) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    DiffSender.send(
        DiffOp.Sides.whole(disk),
        header(disk.size(), true),
        false,
        out,
        Progress.NONE,
        Progress.NONE);
    return out.toByteArray();
  }

  private static Chain apply(byte[] stream) throws IOException {
    DiffReader reader = new DiffReader(new ByteArrayInputStream(stream));
    Chain target = disk(reader.header().toSize());
    DiffApplier.apply(reader, target, Progress.NONE);
    assertThat(DiskDigest.of(target, Progress.NONE)).isEqualTo(reader.result());
    return target;
  }

  private static Chain sample() throws IOException {
    Chain disk = disk(SIZE);
    write(disk, 5000, 3 * MIB, 7);
    write(disk, 6L * MIB, 512, 9);
    return disk;
  }

  @Test
  void whatIsSentArrives() throws IOException {
    Chain disk = sample();
    byte[] stream = send(disk);
    assertThat(read(apply(stream))).isEqualTo(read(disk));
    assertThat(new DiffReader(new ByteArrayInputStream(stream)).header())
        .isEqualTo(header(SIZE, true));
  }

  @SeededTest(5)
  void anyChangeOfAnyByteIsNoticed(RandomGenerator random) throws IOException {
    byte[] stream = send(sample());
    for (int i = 0; i < 200; i++) {
      byte[] damaged = stream.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      assertThatThrownBy(() -> apply(damaged)).isInstanceOf(DiffStreamException.class);
    }
  }

  @SeededTest(3)
  void aStreamThatEndsEarlyIsNoticed(RandomGenerator random) throws IOException {
    byte[] stream = send(sample());
    for (int i = 0; i < 50; i++) {
      byte[] cut = Arrays.copyOf(stream, random.nextInt(stream.length));
      assertThatThrownBy(() -> apply(cut)).isInstanceOf(DiffStreamException.class);
    }
    assertThatThrownBy(() -> apply(Arrays.copyOf(stream, stream.length + 1)))
        .hasMessageContaining("goes on behind its end");
  }

  /// A record with a checksum that is right, whatever it says.
  private static byte[] record(int type, ByteBuffer payload) {
    ByteBuffer record = ByteBuffer.allocate(payload.remaining() + 12);
    record.putInt(type).putInt(payload.remaining()).put(payload);
    CRC32C crc = new CRC32C();
    crc.update(record.array(), 0, record.position());
    return record.putInt((int) crc.getValue()).array();
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] head() {
    return record(DiffFrame.HEADER, header(SIZE, false).encode());
  }

  private static byte[] zero(long start, long length) {
    return record(DiffFrame.ZERO, ByteBuffer.allocate(16).putLong(start).putLong(length).flip());
  }

  private static void refused(String why, byte[]... parts) {
    assertThatThrownBy(() -> apply(joined(parts)))
        .isInstanceOf(DiffStreamException.class)
        .hasMessageContaining(why);
  }

  @Test
  void hostileNumbersAreRefused() {
    refused("within the disk's", head(), zero(0, SIZE + 512));
    refused("within the disk's", head(), zero(SIZE, 1));
    refused("within the disk's", head(), zero(-512, 512));
    refused("within the disk's", head(), zero(0, -1));
    refused("within the disk's", head(), zero(Long.MAX_VALUE, Long.MAX_VALUE));
    refused("from 1024 on", head(), zero(512, 512), zero(0, 512));
    refused("a record of type", head(), head());
    refused("first bytes differ", zero(0, 512));
    refused("empty");
    byte[] huge = ByteBuffer.allocate(8).putInt(DiffFrame.DATA).putInt(Integer.MAX_VALUE).array();
    refused("a record of 2147483647 bytes", head(), huge);
    byte[] negative = ByteBuffer.allocate(8).putInt(DiffFrame.DATA).putInt(-1).array();
    refused("a record of -1 bytes", head(), negative);
  }

  @Test
  void aHeaderOfALaterVersionIsRefused() {
    ByteBuffer later = header(SIZE, false).encode();
    later.putShort(0, (short) 2);
    refused("its version is 2, expected 1", record(DiffFrame.HEADER, later));
    ByteBuffer flags = header(SIZE, false).encode();
    flags.putShort(2, (short) 0x40);
    refused("flags that this version does not know", record(DiffFrame.HEADER, flags));
    ByteBuffer size = header(SIZE, false).encode();
    size.putLong(16, 511);
    refused("its sizes are", record(DiffFrame.HEADER, size));
  }

  @Test
  void zerosOfAnEmptyDiskMakeNoTables() throws IOException {
    long size = 1L << 40;
    MemoryStorage file = new MemoryStorage("disk");
    Qcow2Create.create(file, Qcow2CreateOptions.ofSize(size));
    long before = file.size();
    try (Chain disk = Chain.of(List.of(Qcow2Layer.open(file, Qcow2Options.readWrite())))) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      DiffWriter writer = new DiffWriter(out, header(size, false));
      writer.zero(0, size);
      writer.end(null);
      DiffReader reader = new DiffReader(new ByteArrayInputStream(out.toByteArray()));
      DiffApplier.apply(reader, disk, Progress.NONE);
      assertThat(file.size()).isEqualTo(before);
    }
  }

  @SeededTest(4)
  void theDigestDependsOnTheContentAlone(RandomGenerator random) throws IOException {
    long size = random.nextLong(1, 400) * 512 * 17;
    Chain one = disk(size);
    Chain other = disk(size);
    for (int i = 0; i < 20; i++) {
      long at = random.nextLong(size);
      int length = (int) Math.min(size - at, random.nextInt(1, 100_000));
      write(one, at, length, i);
      write(other, 0, 1, random.nextInt());
      write(other, at, length, i);
    }
    ByteBuffer all = ByteBuffer.wrap(read(one));
    other.write(GuestOffset.of(0), all);
    byte[] digest = DiskDigest.of(one, Progress.NONE);
    assertThat(DiskDigest.of(other, Progress.NONE)).isEqualTo(digest);
    write(other, random.nextLong(size), 1, 101);
    assertThat(DiskDigest.of(other, Progress.NONE)).isNotEqualTo(digest);
    assertThat(DiskDigest.of(disk(size + 512), Progress.NONE))
        .isNotEqualTo(DiskDigest.of(disk(size), Progress.NONE));
  }
}
