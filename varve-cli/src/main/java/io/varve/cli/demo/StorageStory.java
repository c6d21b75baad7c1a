// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/// Storage snapshots: taken, reverted to, branched from.
final class StorageStory {
  private static final String DISK = "main/shop";
  private static final int LOCKED_BYTES = 8 << 20;
  private static final int NEW_ORDERS = 20_000;

  private final Scene scene;

  StorageStory(Scene scene) {
    this.scene = scene;
  }

  void tell() throws IOException {
    makeGuestFiles();
    scene.narrator.scene("Two places for disks, and the server's disk in both");
    Files.createDirectories(scene.externalPool());
    scene.varve("pool", "create", "main", scene.virtualPool().toString());
    scene.varve("pool", "create", "san", scene.externalPool().toString(), "--kind", "external");
    String image = scene.reference("start").toString();
    scene.varve("disk", "import", DISK, image);
    scene.varve("disk", "import", ComputeStory.DISK, image);
    scene.look(DISK, "start");
    takeAndLose();
    comeBackAndBranch();
    whereItLies();
  }

  private void takeAndLose() throws IOException {
    scene.narrator.scene("Storage snapshots (redirect on write): a file per state");
    scene.varve("snapshot", "create", DISK + "@monday");
    scene.guest(
        "takes new orders",
        DISK,
        "start",
        "tuesday",
        "rm " + SampleFiles.NOTE,
        "write " + scene.folder.resolve("note-tuesday") + " " + SampleFiles.NOTE,
        "write " + scene.folder.resolve("orders-tuesday") + " /data/tuesday.csv");
    scene.varve("snapshot", "create", DISK + "@tuesday");
    scene.guest(
        "is attacked",
        DISK,
        "tuesday",
        "wednesday",
        "rm " + SampleFiles.NOTE,
        "write " + scene.folder.resolve("note-wednesday") + " " + SampleFiles.NOTE,
        "rm " + SampleFiles.ORDERS,
        "rm /data/tuesday.csv",
        "write " + scene.folder.resolve("locked") + " /data/orders.csv.locked");
    scene.look(DISK, "wednesday");
  }

  private void comeBackAndBranch() throws IOException {
    scene.narrator.scene("Back to any state, keeping the rest; a branch");
    scene.varve("snapshot", "revert", DISK + "@monday", "--keep-as", "wednesday");
    scene.look(DISK, "start");
    scene.guest(
        "tries another plan",
        DISK,
        "start",
        "plan-b",
        "rm " + SampleFiles.NOTE,
        "write " + scene.folder.resolve("note-plan-b") + " " + SampleFiles.NOTE,
        "mkdir /data/plan-b");
    scene.varve("snapshot", "create", DISK + "@plan-b");
    scene.look(DISK, "plan-b");
    scene.varve("snapshot", "revert", DISK + "@tuesday");
    scene.look(DISK, "tuesday");
    scene.varve("snapshot", "list", DISK);
    scene.expect(DISK, "tuesday");
    scene.expect(DISK + "@monday", "start");
    scene.expect(DISK + "@tuesday", "tuesday");
    scene.expect(DISK + "@wednesday", "wednesday");
    scene.expect(DISK + "@plan-b", "plan-b");
  }

  private void whereItLies() throws IOException {
    scene.narrator.scene("Index and data: where a guest block lies");
    Path now = scene.reference("tuesday");
    for (String file : List.of(SampleFiles.ORDERS, "/data/tuesday.csv")) {
      long offset = scene.ext4.offsetOf(now, file);
      scene.narrator.say("%s begins at 0x%x of the disk".formatted(file, offset));
      scene.varve("where", DISK, "0x" + Long.toHexString(offset), "4K");
    }
  }

  private void makeGuestFiles() throws IOException {
    write("note-tuesday", "Tuesday: %,d new orders.%n".formatted(NEW_ORDERS));
    write("note-wednesday", "Wednesday: all your files are ours.\n");
    write("note-plan-b", "Plan B: begin again from Monday.\n");
    StringBuilder orders = new StringBuilder();
    for (int i = 1; i <= NEW_ORDERS; i++) {
      orders.append("%07d;item-%05d;1%n".formatted(i, i * 7919 % 100_000));
    }
    write("orders-tuesday", orders.toString());
    byte[] noise = new byte[LOCKED_BYTES];
    new SplittableRandom(42).nextBytes(noise);
    try (OutputStream out = Files.newOutputStream(scene.folder.resolve("locked"))) {
      out.write(noise);
    }
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(scene.folder.resolve(name), text, StandardCharsets.US_ASCII);
  }
}
