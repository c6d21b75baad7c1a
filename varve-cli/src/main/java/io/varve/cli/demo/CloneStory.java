// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import java.io.IOException;

/// A hundred desks from one disk, and one copy that stands alone.
final class CloneStory {
  static final int CLONES = 100;

  private final Scene scene;

  CloneStory(Scene scene) {
    this.scene = scene;
  }

  void tell() throws IOException {
    scene.narrator.scene("A hundred fast clones, and a full one");
    scene.varve("clone", "fast", "main/shop@monday", "desk", "--count", String.valueOf(CLONES));
    scene.guest(
        "of desk-001 works on its own",
        "main/desk-001",
        "start",
        "desk",
        "rm " + SampleFiles.NOTE,
        "write " + scene.folder.resolve("note-plan-b") + " " + SampleFiles.NOTE,
        "mkdir /data/desk-001");
    scene.look("main/desk-001", "desk");
    scene.look("main/desk-002", "start");
    scene.varve("clone", "full", "main/shop@monday", "copy");
    scene.varve("snapshot", "list", "main/shop");
    scene.checkByQemu();
    scene.expect("main/desk-001", "desk");
    scene.expect("main/desk-100", "start");
    scene.expect("main/copy", "start");
  }
}
