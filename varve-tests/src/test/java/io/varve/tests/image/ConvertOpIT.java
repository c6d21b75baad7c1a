// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.image.op.ConvertOp;
import io.varve.image.op.ConvertOptions;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ToolRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a conversion leaves out and what it allocates is judged against `qemu-img convert`.
class ConvertOpIT {
  private static final ChainOptions READ = ChainOptions.readOnly(OpenGate.anyPlainFile());

  private final QemuTools qemu = QemuTools.require();

  @TempDir Path folder;

  private Path create(String name, String format, long size, String... writes) throws IOException {
    Path image = folder.resolve(name);
    qemu.img("create", "-q", "-f", format, image.toString(), Long.toString(size)).ok();
    List<String> command = new ArrayList<>(List.of("qemu-io", "-f", format));
    for (String each : writes) {
      command.add("-c");
      command.add(each);
    }
    command.add(image.toString());
    ToolRun.of(command).ok();
    return image;
  }

  /// Data, short and long zeros inside it, holes, and an end that is no cluster's.
  private Path source(String name, String format) throws IOException {
    return create(
        name,
        format,
        5_000_192,
        "write -P 1 0 300k",
        "write -P 0 100k 3k",
        "write -P 0 200k 30k",
        "write -P 2 1M 4k",
        "write -P 3 4999680 512",
        "write -P 0 2M 1M");
  }

  /// Which ranges are data, zero or nowhere, whatever the host offsets.
  private String shape(Path image, String format) throws IOException {
    return qemu.img("map", "--output=json", "-f", format, image.toString())
        .out()
        .replaceAll(", \"offset\": \\d+", "");
  }

  private void assertConverted(String fromFormat, LayerFormat toFormat, ConvertOptions options)
      throws IOException {
    Path from = source("from", fromFormat);
    Path theirs = folder.resolve("theirs");
    List<String> command =
        new ArrayList<>(List.of("convert", "-f", fromFormat, "-O", toFormat.id()));
    command.addAll(List.of("-S", Integer.toString(options.sparse())));
    if (options.compressed()) {
      command.add("-c");
    }
    command.addAll(List.of(from.toString(), theirs.toString()));
    qemu.img(command.toArray(String[]::new)).ok();
    Path ours = create("ours", toFormat.id(), 5_000_192);

    ChainOptions asQemu = READ.withWritable(true).withTop(top -> top.withQemuLayout(true));
    try (Chain source = Chain.open(from, LayerFormat.of(fromFormat), READ);
        Chain target = Chain.open(ours, toFormat, asQemu)) {
      ConvertOptions all = options.withZeroed(ConvertOp.startsAsZero(target));
      ConvertOp.convert(List.of(source), target, all);
    }

    qemu.img("compare", "-f", fromFormat, "-F", toFormat.id(), from.toString(), ours.toString())
        .ok();
    assertThat(shape(ours, toFormat.id())).isEqualTo(shape(theirs, toFormat.id()));
    if (toFormat == LayerFormat.QCOW2) {
      qemu.check(ours).assertClean();
    }
  }

  @Test
  void rawToQcow2() throws IOException {
    assertConverted("raw", LayerFormat.QCOW2, ConvertOptions.defaults());
  }

  @Test
  void qcow2ToRaw() throws IOException {
    assertConverted("qcow2", LayerFormat.RAW, ConvertOptions.defaults());
  }

  @Test
  void qcow2ToQcow2() throws IOException {
    assertConverted("qcow2", LayerFormat.QCOW2, ConvertOptions.defaults().withSparse(65536));
  }

  @Test
  void nothingIsLeftOutWithoutSparse() throws IOException {
    assertConverted("qcow2", LayerFormat.QCOW2, ConvertOptions.defaults().withSparse(0));
    assertConverted("raw", LayerFormat.RAW, ConvertOptions.defaults().withSparse(0));
  }

  @Test
  void compressed() throws IOException {
    assertConverted("raw", LayerFormat.QCOW2, ConvertOptions.defaults().withCompressed(true));
    assertConverted("qcow2", LayerFormat.QCOW2, ConvertOptions.defaults().withCompressed(true));
  }
}
