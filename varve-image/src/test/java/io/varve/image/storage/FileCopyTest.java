// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCopyTest {
  @TempDir Path folder;
  private FileStorage from;
  private FileStorage to;

  @BeforeEach
  void open() throws IOException {
    from = FileStorage.create(folder.resolve("from"), LockMode.WRITER);
    to = FileStorage.create(folder.resolve("to"), LockMode.WRITER);
  }

  @AfterEach
  void close() throws IOException {
    from.close();
    to.close();
  }

  @Test
  void copiesAnyRange() throws IOException {
    byte[] data = random(3 << 20);
    from.write(0, ByteBuffer.wrap(data));
    FileCopy.copy(from, 1001, to, 77, 2_000_003);

    assertThat(to.size()).isEqualTo(77 + 2_000_003);
    assertThat(bytes(to, 77, 2_000_003)).isEqualTo(Arrays.copyOfRange(data, 1001, 2_001_004));
  }

  @Test
  void keepsHolesAndOverwritesWhatLiesThere() throws IOException {
    byte[] data = random(65_536);
    from.write(8 << 20, ByteBuffer.wrap(data));
    from.truncate(16 << 20);
    to.write(0, ByteBuffer.wrap(random(4 << 20)));
    FileCopy.copy(from, 0, to, 0, 16 << 20);

    assertThat(to.size()).isEqualTo(16 << 20);
    assertThat(bytes(to, 0, 8 << 20)).containsOnly(0);
    assertThat(bytes(to, 8 << 20, 65_536)).isEqualTo(data);
    assertThat(bytes(to, (8 << 20) + 65_536, 1 << 20)).containsOnly(0);
    if (to.capabilities().punch()) {
      to.flush();
      assertThat(to.allocatedBytes()).isLessThan(1 << 20);
    }
  }

  @Test
  void takesZerosFromPastTheEndOfTheSource() throws IOException {
    byte[] data = random(10_000);
    from.write(0, ByteBuffer.wrap(data));
    to.write(0, ByteBuffer.wrap(random(1 << 20)));
    FileCopy.copy(from, 5000, to, 0, 1 << 20);

    assertThat(bytes(to, 0, 5000)).isEqualTo(Arrays.copyOfRange(data, 5000, 10_000));
    assertThat(bytes(to, 5000, (1 << 20) - 5000)).containsOnly(0);
  }

  @Test
  void neverWritesWhatIsReadOnly() throws IOException {
    from.write(0, ByteBuffer.wrap(random(4096)));
    to.close();
    to = FileStorage.open(folder.resolve("to"), FileAccess.READ_ONLY, LockMode.SHARED_READER);

    assertThatThrownBy(() -> FileCopy.copy(from, 0, to, 0, 4096))
        .isInstanceOf(ReadOnlyStorageException.class);
    assertThatThrownBy(() -> FileCopy.reflink(from, 0, to, 0, 4096))
        .isInstanceOf(ReadOnlyStorageException.class);
  }

  @Test
  void sharesNothingWhereTheStoreCannot() throws IOException {
    assumeTrue(!to.capabilities().reflink());
    from.write(0, ByteBuffer.wrap(random(65_536)));

    assertThat(FileCopy.reflink(from, 0, to, 0, 65_536)).isFalse();
    assertThat(to.size()).isZero();
  }

  private static byte[] bytes(FileStorage storage, long position, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    storage.read(position, buffer);
    return buffer.array();
  }

  private static byte[] random(int length) {
    byte[] data = new byte[length];
    new Random(length).nextBytes(data);
    return data;
  }
}
