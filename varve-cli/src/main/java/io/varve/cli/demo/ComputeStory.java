// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Compute snapshots: the same days, inside one qcow2 file that QEMU understands.
final class ComputeStory {
  static final String DISK = "san/shop";

  private final Scene scene;

  ComputeStory(Scene scene) {
    this.scene = scene;
  }

  void tell() throws IOException {
    scene.narrator.scene("Compute snapshots (copy on write): all inside the one file");
    scene.varve("snapshot", "create", DISK + "@monday");
    scene.again("takes new orders", DISK, "start", "tuesday");
    scene.varve("snapshot", "create", DISK + "@tuesday");
    scene.again("is attacked", DISK, "tuesday", "wednesday");
    scene.varve("snapshot", "revert", DISK + "@monday", "--yes");
    scene.look(DISK, "start");
    scene.varve("snapshot", "revert", DISK + "@tuesday");
    scene.look(DISK, "tuesday");
    scene.varve("snapshot", "list", DISK);
    if (scene.qemuImg.isPresent()) {
      Path image = image();
      String listed = scene.qemuImg.get().must("snapshot", "-l", image);
      scene.narrator.command("qemu-img snapshot -l " + image, "");
      scene.narrator.lines(listed.lines().toList());
      scene.verdicts.add(
          listed.contains("monday") && listed.contains("tuesday"), "QEMU lists both snapshots");
    }
    scene.expect(DISK, "tuesday");
    scene.expect(DISK + "@monday", "start");
    scene.expect(DISK + "@tuesday", "tuesday");
  }

  private Path image() throws IOException {
    List<Path> images = Store.images(scene.externalPool());
    if (images.size() != 1) {
      throw new IOException(scene.externalPool() + " holds " + images.size() + " images, not one");
    }
    return images.getFirst();
  }
}
