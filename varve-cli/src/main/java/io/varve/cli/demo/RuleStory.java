// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// What the pool decides, and that the files alone are the truth.
final class RuleStory {
  private final Scene scene;

  RuleStory(Scene scene) {
    this.scene = scene;
  }

  void tell() throws IOException {
    scene.narrator.scene("The pool decides, and every refusal names its cure");
    scene.refused("clone", "fast", ComputeStory.DISK, "desk");
    scene.quietly("pool", "add-host", "main", "host-1");
    scene.varve("pool", "add-host", "main", "host-2");
    scene.refused("snapshot", "create", "main/shop@friday");
    scene.quietly("pool", "add-witness", "main", "witness-1");
    scene.narrator.say("a witness joins:");
    scene.varve("snapshot", "create", "main/shop@friday");
    scene.expect("main/shop@friday", "tuesday");
    scene.narrator.scene("The files alone: the catalog is lost, and rebuilt from the layers");
    List<String> before = scene.printed("snapshot", "list", "-H", "-p", "main/shop");
    try (Stream<Path> files = Files.list(scene.home)) {
      for (Path file : files.filter(f -> f.getFileName().toString().contains(".db")).toList()) {
        Files.delete(file);
      }
    }
    scene.narrator.command("rm $DIR/home/catalog.db*", "");
    scene.varve("pool", "rescan", scene.virtualPool().toString());
    scene.varve("snapshot", "list", "main/shop");
    scene.verdicts.add(
        before.equals(scene.printed("snapshot", "list", "-H", "-p", "main/shop")),
        "the tree is the one from before");
    scene.quietly("pool", "create", "san", scene.externalPool().toString(), "--kind", "external");
    scene.quietly(
        "disk",
        "register",
        ComputeStory.DISK,
        Store.images(scene.externalPool()).getFirst().toString());
  }
}
