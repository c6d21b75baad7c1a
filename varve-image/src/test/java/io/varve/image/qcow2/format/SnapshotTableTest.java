// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SnapshotTableTest {
  private static final SnapshotEntry PLAIN =
      SnapshotEntry.of(1 << 16, 2, "1", "before", 1_700_000_000, 999_999_999, 1 << 30);

  private static SnapshotTable.Loaded load(byte[] table, int count) throws IOException {
    byte[] file = new byte[65536 + table.length];
    System.arraycopy(table, 0, file, 65536, table.length);
    Header header = Header.builder(3, 16).snapshots(count, 65536).build();
    return SnapshotTable.load(source(file), header, file.length);
  }

  /// Zeros behind the end, as a storage reads.
  private static SnapshotTable.Source source(byte[] file) {
    return (position, dst) -> {
      while (dst.hasRemaining()) {
        dst.put(position < file.length ? file[(int) position] : 0);
        position++;
      }
    };
  }

  @Test
  void entriesOfAllLengthsComeBackInTheirOrder() throws Exception {
    List<SnapshotEntry> entries =
        IntStream.range(0, 700)
            .mapToObj(i -> SnapshotEntry.of(i << 16, i, "" + i, "n".repeat(i), i, i, i))
            .toList();
    byte[] table = SnapshotTable.encode(entries, 5);

    assertThat(load(table, 700).entries()).isEqualTo(entries);
    assertThat(load(table, 700).length()).isEqualTo(table.length);
  }

  @Test
  void aVmStateBeyondFourGibibytesIsInTheExtraDataOnly() throws Exception {
    SnapshotEntry entry =
        new SnapshotEntry(
            1 << 16,
            2,
            Bytes.utf8("1"),
            Bytes.utf8("n"),
            1,
            2,
            3,
            5L << 30,
            4,
            77,
            Bytes.of(new byte[] {1, 2, 3}));
    byte[] table = SnapshotTable.encode(List.of(entry), 0);

    assertThat(ByteBuffer.wrap(table).getInt(32)).isZero();
    assertThat(load(table, 1).entries()).containsExactly(entry);
  }

  @Test
  void anEntryWithoutExtraDataTakesTheSizeOfTheDisk() throws Exception {
    ByteBuffer old = ByteBuffer.allocate(48);
    old.putLong(0, 1 << 16).putInt(8, 2).putShort(12, (short) 1).putShort(14, (short) 1);
    old.putInt(32, 77).put(40, (byte) '1').put(41, (byte) 'n');

    SnapshotTable.Loaded loaded = load(old.array(), 1);

    assertThat(loaded.incomplete()).isEqualTo(1);
    assertThat(loaded.entries().getFirst().vmStateSize()).isEqualTo(77);
    assertThat(loaded.entries().getFirst().diskSizeOr(123)).isEqualTo(123);
    byte[] written = SnapshotTable.encode(loaded.entries(), 123);
    assertThat(load(written, 1).entries().getFirst().diskSize()).isEqualTo(123);
  }

  @Test
  void namesThatAreNotTextAreKept() throws Exception {
    Bytes name = Bytes.of(new byte[] {(byte) 0xff, 'a'});
    SnapshotEntry entry =
        new SnapshotEntry(0, 0, Bytes.EMPTY, name, 0, 0, 0, 0, 0, -1, Bytes.EMPTY);

    assertThat(load(SnapshotTable.encode(List.of(entry), 0), 1).entries()).containsExactly(entry);
  }

  @Test
  void tooMuchExtraDataIsRefused() throws Exception {
    byte[] table = SnapshotTable.encode(List.of(PLAIN), 0);
    ByteBuffer.wrap(table).putInt(36, 1025);

    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> load(table, 1))
        .withMessageContaining("Too much extra metadata in snapshot table entry");
  }

  @Test
  void aTableThatReachesBehindTheFileIsTruncated() throws Exception {
    byte[] table = SnapshotTable.encode(List.of(PLAIN), 0);

    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> load(table, 2))
        .withMessageContaining("truncated");
  }

  @Test
  void aTableOfMoreThanSixtyFourMebibytesIsRefused() {
    ByteBuffer entry = ByteBuffer.allocate(40).putShort(12, (short) -1).putShort(14, (short) -1);
    Header header = Header.builder(3, 16).snapshots(65536, 65536).build();
    SnapshotTable.Source endless =
        (position, dst) -> {
          int at = dst.position();
          dst.put(entry.duplicate().clear());
          dst.position(at + dst.capacity() - at);
        };

    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> SnapshotTable.load(endless, header, Long.MAX_VALUE))
        .withMessageContaining("Snapshot table is too big");
  }

  @Test
  void moreSnapshotsThanTheFormatHoldsAreRefused() {
    List<SnapshotEntry> many = java.util.Collections.nCopies(65537, PLAIN);

    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> SnapshotTable.encode(many, 0))
        .withMessageContaining("at most 65536 snapshots");
  }
}
