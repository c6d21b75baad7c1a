// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QemuToolsTest {
  private final QemuTools qemu = QemuTools.require();
  @TempDir Path folder;

  @Test
  void readsWhatQemuWrote() throws IOException {
    Path image = folder.resolve("image.qcow2");
    qemu.create(image, 1 << 20, "compat=1.1,cluster_size=4k");
    qemu.io(image, List.of("write -P 5 4k 8k", "write -z 4k 4k"));
    ReferenceDisk expected = new ReferenceDisk(1 << 20);
    byte[] fives = new byte[4096];
    java.util.Arrays.fill(fives, (byte) 5);
    expected.write(8192, ByteBuffer.wrap(fives));

    qemu.check(image).assertClean();
    qemu.assertReads(image, expected, folder);
    expected.assertMatches(qemu.read(image, folder));
    expected.write(0, ByteBuffer.wrap(new byte[] {1}));
    assertThatThrownBy(() -> qemu.assertReads(image, expected, folder))
        .hasMessageContaining("Content mismatch at offset 0");
  }

  @Test
  void tellsLeaksFromCorruption() throws IOException {
    Path image = folder.resolve("image.qcow2");
    qemu.create(image, 1 << 20, "compat=1.1,cluster_size=64k");
    qemu.io(image, List.of("write -P 5 0 64k"));
    SparseBytes bytes = SparseBytes.load(image);
    long block = ByteBuffer.wrap(bytes.bytes(65536, 8)).getLong();
    assertThat(block).isPositive();

    bytes.write(block + 2 * 2, ByteBuffer.wrap(new byte[] {0, 2}));
    bytes.save(image);
    QemuCheck leak = qemu.check(image);
    assertThat(leak.exit()).isEqualTo(3);
    assertThat(leak.leaks()).isEqualTo(1);
    leak.assertLeaksAtMost();
    assertThatThrownBy(leak::assertClean).isInstanceOf(AssertionError.class);

    bytes.write(block + 2 * 2, ByteBuffer.wrap(new byte[] {0, 0}));
    bytes.save(image);
    QemuCheck corrupt = qemu.check(image);
    assertThat(corrupt.corruptions()).isPositive();
    assertThatThrownBy(corrupt::assertLeaksAtMost).isInstanceOf(AssertionError.class);
  }
}
