// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.BackingChainException;
import io.varve.image.GuestOffset;
import io.varve.image.LayerFormat;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.Stamp;
import io.varve.testkit.ToolRun;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every kind of VMDK, VHD, VHDX and VDI that qemu-img makes reads here as it does there, and a
/// damaged one is refused or read, and nothing worse.
class ForeignFormatsIT {
  private static final int SIZE = (9 << 20) + 1024;
  private static final int MUTATIONS = 80;

  @TempDir Path folder;
  private final QemuTools qemu = QemuTools.require();
  private Path raw;

  @BeforeEach
  void makeSource() throws IOException {
    raw = folder.resolve("source.raw");
    ReferenceDisk disk = new ReferenceDisk(SIZE);
    disk.write(0, Stamp.data(0, 70_000, 1));
    disk.write(3 << 20, Stamp.compressible(200_000, 2));
    disk.write((5 << 20) - 100, Stamp.data((5 << 20) - 100, 300, 3));
    disk.write(SIZE - 512, Stamp.data(SIZE - 512, 512, 4));
    disk.save(raw);
  }

  private Path make(String format, String options) throws IOException {
    Path image = folder.resolve("image." + format);
    qemu.img("convert", "-f", "raw", "-O", format, "-o", options, raw.toString(), image.toString())
        .ok();
    return image;
  }

  private static Chain open(Path image, String format) throws IOException {
    OpenGate gate = OpenGate.confinedTo(List.of(image.getParent()));
    return Chain.open(image, LayerFormat.of(format), ChainOptions.readOnly(gate));
  }

  @ParameterizedTest
  @CsvSource({
    "vmdk, subformat=monolithicSparse",
    "vmdk, subformat=streamOptimized",
    "vmdk, subformat=monolithicFlat",
    "vmdk, subformat=twoGbMaxExtentSparse",
    "vmdk, subformat=twoGbMaxExtentFlat",
    "vmdk, 'subformat=monolithicSparse,zeroed_grain=on'",
    "vpc, subformat=dynamic",
    "vpc, 'subformat=dynamic,force_size=on'",
    "vpc, subformat=fixed",
    "vpc, 'subformat=fixed,force_size=on'",
    "vhdx, subformat=dynamic",
    "vhdx, subformat=fixed",
    "vhdx, 'subformat=dynamic,block_size=1M'",
    "vhdx, 'subformat=dynamic,block_size=64M'",
    "vdi, static=off",
    "vdi, static=on"
  })
  void readsAsQemuDoes(String format, String options) throws IOException {
    Path image = make(format, options);
    Path copy = folder.resolve("copy.raw");
    qemu.img("convert", "-f", format, "-O", "raw", image.toString(), copy.toString()).ok();
    ReferenceDisk expected = ReferenceDisk.load(copy);
    try (Chain disk = open(image, format)) {
      assertThat(disk.size()).isEqualTo(expected.size());
      expected.assertMatches((at, dst) -> disk.read(GuestOffset.of(at), dst));
      RandomGenerator random = new SplittableRandom(3);
      for (int i = 0; i < 200; i++) {
        long at = random.nextLong(disk.size() - 1);
        int length = 1 + random.nextInt((int) Math.min(200_000, disk.size() - at));
        ByteBuffer part = ByteBuffer.allocate(length);
        disk.read(GuestOffset.of(at), part);
        assertThat(part.array()).isEqualTo(expected.bytes(at, length));
      }
    }
  }

  @Test
  void readsAVmdkOverItsParent() throws IOException {
    Path base = make("vmdk", "subformat=monolithicSparse");
    Path top = folder.resolve("top.vmdk");
    qemu.img("create", "-f", "vmdk", "-b", base.toString(), "-F", "vmdk", top.toString()).ok();
    ToolRun.of(List.of("qemu-io", "-f", "vmdk", "-c", "write -P 7 1M 64k", top.toString())).ok();
    Path copy = folder.resolve("copy.raw");
    qemu.img("convert", "-f", "vmdk", "-O", "raw", top.toString(), copy.toString()).ok();
    ReferenceDisk expected = ReferenceDisk.load(copy);
    try (Chain disk = open(top, "vmdk")) {
      expected.assertMatches((at, dst) -> disk.read(GuestOffset.of(at), dst));
    }
    ToolRun.of(List.of("qemu-io", "-f", "vmdk", "-c", "write -P 8 4M 64k", base.toString())).ok();
    assertThatThrownBy(() -> open(top, "vmdk"))
        .isInstanceOf(BackingChainException.class)
        .hasMessageContaining("is not as it was when the VMDK was made");
  }

  @Test
  void opensNoExtentOutsideOfTheGate() throws IOException {
    Path image = make("vmdk", "subformat=monolithicFlat");
    assertThatThrownBy(
            () -> Chain.open(image, LayerFormat.VMDK, ChainOptions.readOnly(OpenGate.closed())))
        .isInstanceOf(BackingChainException.class);
    String text = Files.readString(image, StandardCharsets.UTF_8);
    Files.writeString(image, text.replace("image-flat.vmdk", "../../../../../../../../etc/passwd"));
    assertThatThrownBy(() -> open(image, "vmdk"))
        .isInstanceOf(BackingChainException.class)
        .hasMessageContaining("lies outside of");
    Files.writeString(image, text.replace("image-flat.vmdk", "nbd://localhost/x"));
    assertThatThrownBy(() -> open(image, "vmdk"))
        .isInstanceOf(BackingChainException.class)
        .hasMessageContaining("not a plain file name");
  }

  @Test
  void isNeverWritten() throws IOException {
    Path image = make("vdi", "static=off");
    assertThatThrownBy(
            () -> Chain.open(image, LayerFormat.VDI, ChainOptions.readWrite(OpenGate.closed())))
        .isInstanceOf(ReadOnlyImageException.class)
        .hasMessageContaining("convert it to qcow2");
  }

  @ParameterizedTest
  @CsvSource({
    "vmdk, subformat=monolithicSparse, 65536",
    "vmdk, subformat=streamOptimized, 65536",
    "vmdk, subformat=monolithicFlat, 512",
    "vpc, subformat=dynamic, 3072",
    "vhdx, subformat=dynamic, 4194304",
    "vdi, static=off, 1024"
  })
  void aDamagedImageIsRefusedOrRead(String format, String options, int span) throws IOException {
    Path image = make(format, options);
    byte[] good = Files.readAllBytes(image);
    List<Integer> touched = nonZero(good, span);
    RandomGenerator random = new SplittableRandom(5);
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] bad = good.clone();
      int changes = 1 + random.nextInt(3);
      for (int n = 0; n < changes; n++) {
        int at = touched.get(random.nextInt(touched.size())) + random.nextInt(8);
        bad[Math.min(at, bad.length - 1)] = damage(random, bad[at]);
      }
      if (random.nextInt(10) == 0) {
        bad = Arrays.copyOf(bad, random.nextInt(bad.length));
      }
      Files.write(image, bad);
      readAllOrFail(image, format);
    }
  }

  private static byte damage(RandomGenerator random, byte old) {
    return switch (random.nextInt(4)) {
      case 0 -> (byte) 0xff;
      case 1 -> 0;
      case 2 -> (byte) (old ^ 1 << random.nextInt(8));
      default -> (byte) random.nextInt(256);
    };
  }

  private static List<Integer> nonZero(byte[] bytes, int span) {
    return java.util.stream.IntStream.range(0, Math.min(span, bytes.length) - 8)
        .filter(i -> bytes[i] != 0)
        .boxed()
        .toList();
  }

  /// Anything but an [IOException] is an error of ours.
  private static void readAllOrFail(Path image, String format) {
    try (Chain disk = open(image, format)) {
      ByteBuffer part = ByteBuffer.allocate(1 << 16);
      long step = Math.max(part.capacity(), disk.size() / 64 / 512 * 512);
      for (long at = 0; at < disk.size(); at += step) {
        part.clear().limit((int) Math.min(part.capacity(), disk.size() - at));
        disk.where(GuestOffset.of(at), disk.size() - at);
        disk.read(GuestOffset.of(at), part);
      }
    } catch (IOException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }
}
