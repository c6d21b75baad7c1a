// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import io.varve.cli.io.Tool;
import io.varve.engine.DiskAddress;
import io.varve.engine.Varve;
import io.varve.image.LayerFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The last word, by those who made the format: every file checked, every state compared.
final class Judgement {
  private final Scene scene;

  Judgement(Scene scene) {
    this.scene = scene;
  }

  void tell() throws IOException {
    scene.narrator.scene("The verdicts");
    List<String> wrong = new ArrayList<>();
    for (Map.Entry<String, String> state : scene.expected().entrySet()) {
      if (!scene.reads(state.getKey(), state.getValue())) {
        wrong.add(state.getKey());
      }
    }
    scene.verdicts.add(
        wrong.isEmpty(),
        wrong.isEmpty()
            ? "varve: all %d disks and snapshots read like their references"
                .formatted(scene.expected().size())
            : "varve: these do not read like their references: " + String.join(", ", wrong));
    if (scene.qemuImg.isEmpty()) {
      scene.narrator.say(
          "QEMU is not installed: its verdict is missing (apt-get install qemu-utils adds it)");
      return;
    }
    scene.checkByQemu();
    compare(scene.qemuImg.get());
  }

  private void compare(Tool qemuImg) throws IOException {
    List<String> bad = new ArrayList<>();
    int compared = 0;
    try (Varve varve = scene.engine()) {
      for (Map.Entry<String, String> state : scene.expected().entrySet()) {
        Tool.Result result = compare(qemuImg, varve, state.getKey(), state.getValue());
        compared++;
        if (!result.ok()) {
          bad.add(state.getKey() + ": " + result.firstLine());
        }
      }
    }
    scene.verdicts.add(
        bad.isEmpty(),
        bad.isEmpty()
            ? "qemu-img compare: %d disks and snapshots identical to their references"
                .formatted(compared)
            : "qemu-img compare: " + String.join("; ", bad));
  }

  /// A layer is compared where it lies; a snapshot inside a file is taken out by QEMU first.
  private Tool.Result compare(Tool qemuImg, Varve varve, String source, String reference)
      throws IOException {
    DiskAddress address = DiskAddress.parse(source);
    String snapshot = address.snapshot();
    Path image =
        snapshot == null
            ? varve.disks().show(address).file()
            : varve.snapshots().show(address).file();
    LayerFormat format = LayerFormat.QCOW2;
    if (snapshot != null && inside(source)) {
      Path raw = scene.folder.resolve("taken-out.raw");
      qemuImg.must("convert", "-l", snapshot, "-f", "qcow2", "-O", "raw", image, raw);
      image = raw;
      format = LayerFormat.RAW;
    }
    Tool.Result result =
        qemuImg.run("compare", "-f", format.id(), "-F", "raw", image, scene.reference(reference));
    if (format == LayerFormat.RAW) {
      Files.delete(image);
    }
    return result;
  }

  private static boolean inside(String source) {
    return source.startsWith("san/");
  }
}
