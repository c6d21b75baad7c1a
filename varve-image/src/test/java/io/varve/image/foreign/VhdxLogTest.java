// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.CorruptImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class VhdxLogTest {
  private static final int MIB = 1 << 20;
  private static final int UNIT = 4096;
  private static final UUID ZERO = new UUID(0, 0);

  private final MemoryStorage file = new MemoryStorage("image.vhdx");

  /// An entry of one unit with one descriptor of zeros, its checksum right.
  private static ByteBuffer entry(long sequence) {
    ByteBuffer entry = ByteBuffer.allocate(UNIT).order(ByteOrder.LITTLE_ENDIAN);
    entry.putInt(0, 0x65676f6c).putInt(8, UNIT).putLong(16, sequence).putInt(24, 1);
    entry.putLong(32, 1).putLong(40, 2);
    entry.putInt(64, 0x6f72657a).putLong(72, UNIT).putLong(80, 0).putLong(88, sequence);
    return withSum(entry);
  }

  private static ByteBuffer withSum(ByteBuffer entry) {
    CRC32C crc = new CRC32C();
    crc.update(entry.putInt(4, 0).slice(0, UNIT));
    return entry.putInt(4, (int) crc.getValue());
  }

  private void check(long logLength) throws IOException {
    UUID log = Guid.at(entry(7), 32);
    new VhdxLog(file, new VhdxHeader(1, log, 0, logLength, MIB)).requireEmpty();
  }

  @Test
  void refusesAnImageWhoseLogHoldsChanges() throws IOException {
    file.write(MIB + 3L * UNIT, entry(7));
    assertThatThrownBy(() -> check(MIB))
        .isInstanceOfSatisfying(
            UnsupportedImageException.class,
            e ->
                org.assertj.core.api.Assertions.assertThat(e.words())
                    .contains("opened read-only, but contains a log that needs to be replayed"));
  }

  @Test
  void takesALogWithoutAValidEntry() throws IOException {
    ByteBuffer wrongSum = entry(7);
    file.write(MIB, wrongSum.putInt(4, wrongSum.getInt(4) + 1).rewind());
    file.write(MIB + UNIT, withSum(entry(7).putLong(32, 99)).rewind());
    file.write(MIB + 2L * UNIT, withSum(entry(7).putLong(88, 8)).rewind());
    file.write(MIB + 3L * UNIT, withSum(entry(7).putLong(16, 0)).rewind());
    assertThatCode(() -> check(MIB)).doesNotThrowAnyException();
  }

  @Test
  void asksNothingWhereTheHeaderNamesNoLog() throws IOException {
    file.write(MIB, entry(7));
    VhdxHeader none = new VhdxHeader(1, ZERO, 0, MIB, MIB);
    assertThatCode(() -> new VhdxLog(file, none).requireEmpty()).doesNotThrowAnyException();
  }

  @Test
  void endsWhereHostileEntriesOverlap() throws IOException {
    for (int i = 0; i < MIB / UNIT; i++) {
      file.write(MIB + (long) i * UNIT, entry(7).putInt(8, MIB).rewind());
    }
    assertThatThrownBy(() -> check(MIB))
        .isInstanceOf(CorruptImageException.class)
        .hasMessageContaining("overlap");
  }

  @Test
  void refusesALogOutOfPlace() {
    VhdxHeader odd = new VhdxHeader(1, ZERO, 0, MIB, 4096);
    assertThatThrownBy(() -> new VhdxLog(file, odd).requireEmpty())
        .isInstanceOf(CorruptImageException.class);
    VhdxHeader newer = new VhdxHeader(1, ZERO, 1, MIB, MIB);
    assertThatThrownBy(() -> new VhdxLog(file, newer).requireEmpty())
        .isInstanceOf(CorruptImageException.class);
  }
}
