// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.image.op.BlockStatus;
import io.varve.image.op.MapOp;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ToolRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Maps are judged against `qemu-img map`.
class MapOpIT {
  private final QemuTools qemu = QemuTools.require();

  @TempDir Path folder;

  private Path image(String name, String size, String options, String... writes)
      throws IOException {
    Path image = folder.resolve(name);
    qemu.img("create", "-q", "-f", "qcow2", "-o", options, image.toString(), size).ok();
    write(image, "qcow2", writes);
    return image;
  }

  private static void write(Path image, String format, String... writes) throws IOException {
    List<String> command = new ArrayList<>(List.of("qemu-io", "-f", format));
    for (String each : writes) {
      command.add("-c");
      command.add(each);
    }
    command.add(image.toString());
    ToolRun.of(command).ok();
  }

  private void assertMapped(Path image, LayerFormat format) throws IOException {
    List<String> ours = new ArrayList<>();
    ChainOptions options = ChainOptions.readOnly(OpenGate.anyPlainFile());
    try (Chain disk = Chain.open(image, format, options)) {
      MapOp.map(disk, 0, Long.MAX_VALUE, status -> ours.add(line(status)));
    }
    String theirs = qemu.img("map", "--output=json", "-f", format.id(), image.toString()).out();
    assertThat(String.join(",\n", ours)).isEqualTo(theirs.strip().replaceAll("^\\[|]$", ""));
  }

  private static String line(BlockStatus s) {
    return """
    { "start": %d, "length": %d, "depth": %d, "present": %b, "zero": %b, "data": %b, \
    "compressed": %b%s}\
    """
        .formatted(
            s.start(),
            s.length(),
            s.depth(),
            s.present(),
            s.zero(),
            s.data(),
            s.compressed(),
            s.offset() < 0 ? "" : ", \"offset\": " + s.offset());
  }

  @Test
  void anEmptyImageIsNowhere() throws IOException {
    assertMapped(image("a", "1M", "compat=1.1"), LayerFormat.QCOW2);
  }

  @Test
  void aRawFileMayEndWithinASector() throws IOException {
    Path raw = folder.resolve("raw");
    Files.write(raw, new byte[] {1, 2, 3});
    assertMapped(raw, LayerFormat.RAW);
  }

  @Test
  void holesOfARawFileHaveAnOffset() throws IOException {
    Path raw = folder.resolve("raw");
    qemu.img("create", "-q", "-f", "raw", raw.toString(), "1M").ok();
    write(raw, "raw", "write 64k 4k", "write 512k 100k");
    assertMapped(raw, LayerFormat.RAW);
  }

  @Test
  void subclustersAreToldOneByOne() throws IOException {
    assertMapped(
        image(
            "a",
            "1M",
            "extended_l2=on",
            "write 0 4k",
            "write 130k 2k",
            "write -z 256k 64k",
            "write -z 320k 8k"),
        LayerFormat.QCOW2);
  }

  @Test
  void zeroAndCompressedClusters() throws IOException {
    assertMapped(
        image("a", "1M", "compat=1.1", "write -c 0 128k", "write 256k 64k", "write -z 256k 128k"),
        LayerFormat.QCOW2);
  }

  @Test
  void holesBeneathPreallocatedMetadataAreZero() throws IOException {
    assertMapped(image("a", "1M", "preallocation=metadata", "write 70k 4k"), LayerFormat.QCOW2);
  }

  @Test
  void layersOfDifferentLength() throws IOException {
    Path raw = folder.resolve("raw");
    qemu.img("create", "-q", "-f", "raw", raw.toString(), "300k").ok();
    write(raw, "raw", "write 0 100k");
    Path middle = folder.resolve("middle");
    qemu.createOverlay(middle, 1 << 20, "compat=1.1", "raw", "raw");
    write(middle, "qcow2", "write 64k 64k", "write 700k 8k");
    Path top = folder.resolve("top");
    qemu.createOverlay(top, 2 << 20, "extended_l2=on", "middle", "qcow2");
    write(top, "qcow2", "write 68k 4k", "write 1536k 64k");
    assertMapped(top, LayerFormat.QCOW2);
  }
}
