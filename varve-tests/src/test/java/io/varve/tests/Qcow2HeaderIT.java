// SPDX-License-Identifier: Apache-2.0
package io.varve.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.HeaderExtension;
import io.varve.image.qcow2.format.HeaderUpdate;
import io.varve.image.qcow2.format.HeaderUpdate.SectorWrite;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.testkit.QemuTools;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Headers of QEMU that Varve changes, and headers of Varve that QEMU changes.
@Tag("interop")
class Qcow2HeaderIT {
  private static final VarveIdentity IDENTITY =
      VarveIdentity.active(new UUID(1, 2), new UUID(3, 4), new UUID(5, 6), "web01", 1000)
          .asSnapshot("before-upgrade", new UUID(7, 8), 2000);
  private static final HeaderExtension UNKNOWN =
      new HeaderExtension(0x12345678, new byte[] {1, 2, 3, 4, 5});

  @TempDir Path folder;

  static Stream<String> options() {
    return Stream.of("512", "4096", "65536", "2097152")
        .flatMap(size ->
            Stream.of(
                "compat=0.10,cluster_size=" + size,
                "compat=1.1,cluster_size=" + size,
                "compat=1.1,lazy_refcounts=on,refcount_bits=1,cluster_size=" + size));
  }

  @ParameterizedTest
  @MethodSource("options")
  void theHeaderOfQemuTakesAnIdentityAndKeepsIt(String options) throws IOException {
    QemuTools qemu = QemuTools.require();
    Path image = overlay(qemu, options);
    String before = info(qemu, image);

    update(image, read(image).withIdentity(IDENTITY).with(UNKNOWN));

    assertThat(info(qemu, image)).isEqualTo(before);
    qemu.check(image).assertClean();
    qemu.img("rebase", "-u", "-f", "qcow2", "-F", "raw", "-b", "b2.raw", image.toString()).ok();
    HeaderArea after = read(image);
    assertThat(after.identity()).contains(IDENTITY);
    assertThat(after.extension(UNKNOWN.magic())).contains(UNKNOWN.data());
    assertThat(after.backingName()).isEqualTo("b2.raw");
  }

  @ParameterizedTest
  @MethodSource("options")
  void aBaseThatVarveNamesIsTheOneThatQemuOpens(String options) throws IOException {
    QemuTools qemu = QemuTools.require();
    Path image = overlay(qemu, options);
    String name = "another-" + "n".repeat(100) + ".raw";
    Files.copy(folder.resolve("base.raw"), folder.resolve(name));

    update(image, read(image).withIdentity(IDENTITY).withBacking(name, "raw"));

    assertThat(info(qemu, image)).contains("backing file: " + name);
    assertThat(info(qemu, image)).contains("backing file format: raw");
    qemu.check(image).assertClean();

    update(image, read(image).withBacking(null, null));

    assertThat(info(qemu, image)).doesNotContain("backing file");
    assertThat(read(image).identity()).contains(IDENTITY);
  }

  @Test
  void theIdentityOutlivesAnUpgradeASnapshotAndAResize() throws IOException {
    QemuTools qemu = QemuTools.require();
    Path image = folder.resolve("image.qcow2");
    qemu.create(image, 1 << 20, "compat=0.10");
    update(image, read(image).withIdentity(IDENTITY));

    qemu.img("amend", "-f", "qcow2", "-o", "compat=1.1", image.toString()).ok();
    qemu.snapshot(image, "-c", "one");
    qemu.img("resize", "-q", "-f", "qcow2", image.toString(), "2M").ok();

    HeaderArea after = read(image);
    assertThat(after.header().version()).isEqualTo(3);
    assertThat(after.header().size()).isEqualTo(2 << 20);
    assertThat(after.header().snapshotCount()).isEqualTo(1);
    assertThat(after.identity()).contains(IDENTITY);
  }

  private Path overlay(QemuTools qemu, String options) throws IOException {
    Path image = folder.resolve("image.qcow2");
    Files.write(folder.resolve("base.raw"), new byte[1 << 20]);
    Files.write(folder.resolve("b2.raw"), new byte[1 << 20]);
    qemu.createOverlay(image, 1 << 20, options, "base.raw", "raw");
    return image;
  }

  /// Without the size on disk, which a header may change.
  private static String info(QemuTools qemu, Path image) throws IOException {
    String text = qemu.img("info", "-f", "qcow2", image.toString()).ok().out();
    return text.replaceAll("(?m)^ *(disk size|file length):.*\\n", "");
  }

  private static HeaderArea read(Path image) throws IOException {
    return HeaderArea.parse(ByteBuffer.wrap(Files.readAllBytes(image)));
  }

  private static void update(Path image, HeaderArea next) throws IOException {
    byte[] bytes = Files.readAllBytes(image);
    byte[] cluster = java.util.Arrays.copyOf(bytes, next.header().clusterSize());
    for (SectorWrite write : HeaderUpdate.plan(cluster, next)) {
      write.bytes().putTo(ByteBuffer.wrap(bytes).position(write.position()));
    }
    Files.write(image, bytes);
  }
}
