// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import io.varve.cli.text.ByteSize;
import io.varve.cli.text.Elapsed;
import io.varve.engine.DiskAddress;
import io.varve.engine.Varve;
import java.io.IOException;

/// Every delete is accepted: at the tip, in the middle, under a hundred clones, inside the file.
final class DeleteStory {
  private static final int CLONES_KEPT_FROM = 99;

  private final Scene scene;

  DeleteStory(Scene scene) {
    this.scene = scene;
  }

  void tell() throws IOException {
    scene.narrator.scene("Deleting, in any order");
    scene.narrator.say("at the tip of the tree: the file goes");
    scene.varve("snapshot", "delete", "main/shop@wednesday", "--yes");
    scene.forget("main/shop@wednesday");
    scene.narrator.say("in the middle: what stands on it takes its data over");
    scene.varve("snapshot", "delete", "main/shop@tuesday", "--yes");
    scene.forget("main/shop@tuesday");
    scene.look("main/shop", "tuesday");
    scene.narrator.say(
        "under a hundred clones: the name goes, the layer waits for its last reader");
    scene.varve("snapshot", "delete", "main/shop@monday", "--yes");
    scene.forget("main/shop@monday");
    deleteClones();
    scene.varve("snapshot", "list", "main/shop");
    scene.narrator.say("inside the one file: clusters are freed, and go back where the store can");
    scene.varve("snapshot", "delete", ComputeStory.DISK + "@monday", "--yes");
    scene.forget(ComputeStory.DISK + "@monday");
    scene.look(ComputeStory.DISK, "tuesday");
  }

  private void deleteClones() throws IOException {
    long start = System.nanoTime();
    long freed = 0;
    int deleted = 0;
    try (Varve varve = scene.engine()) {
      for (int i = 2; i < CLONES_KEPT_FROM; i++) {
        String name = "desk-%03d".formatted(i);
        freed += varve.disks().delete(DiskAddress.disk("main", name), false).freedBytes();
        deleted++;
      }
    }
    scene.narrator.say(
        "%d of the clones deleted in %s, %s freed"
            .formatted(deleted, Elapsed.human(Elapsed.since(start)), ByteSize.human(freed)));
  }
}
