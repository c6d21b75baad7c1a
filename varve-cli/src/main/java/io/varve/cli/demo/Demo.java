// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import io.varve.cli.ExitCode;
import io.varve.cli.Terminal;
import io.varve.cli.UsageException;
import io.varve.cli.io.Folders;
import io.varve.cli.io.Tool;
import io.varve.cli.text.ByteSize;
import io.varve.cli.text.Elapsed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The main job on real input: a disk with a real ext4 file system is snapshotted, changed,
/// reverted, branched, cloned and deleted, both ways, and other people's tools judge the outcome.
public final class Demo {
  private static final int IMAGE_MEBIBYTES = 256;

  private final DemoHost host;
  private final Terminal terminal;

  public Demo(DemoHost host, Terminal terminal) {
    this.host = host;
    this.terminal = terminal;
  }

  /// Runs it and returns the exit code: 0 if every verdict is good.
  ///
  /// @param place a folder to work in, empty or not there yet; null for a temporary one
  /// @param keep leaves the folder for the user to look at
  public int run(@Nullable Path place, boolean keep) throws IOException {
    Ext4 ext4 = new Ext4(need("mke2fs"), need("debugfs"), need("e2fsck"));
    Tool cp =
        find("cp").orElseThrow(() -> new UsageException("cp is missing", "install coreutils"));
    Path folder = folder(place);
    boolean kept = keep || place != null;
    try {
      Scene scene = new Scene(host, terminal, folder, ext4, cp, find("qemu-img"));
      int code = tell(scene);
      if (kept) {
        terminal
            .out()
            .println("Kept in " + folder + "; go on with: export VARVE_HOME=" + scene.home);
      }
      return code;
    } finally {
      if (!kept) {
        Folders.delete(folder);
      }
      terminal.flush();
    }
  }

  private int tell(Scene scene) throws IOException {
    long start = System.nanoTime();
    terminal.out().println(scene.narrator.bold("Varve: snapshots and clones of VM disks"));
    scene.narrator.say(
        "Everything happens in DIR=%s; every figure is measured now.".formatted(scene.folder));
    makeFileSystem(scene);
    new StorageStory(scene).tell();
    new ComputeStory(scene).tell();
    new CloneStory(scene).tell();
    new DeleteStory(scene).tell();
    new CostStory(scene).tell();
    new RuleStory(scene).tell();
    new Judgement(scene).tell();
    terminal.out().println();
    Verdicts verdicts = scene.verdicts;
    verdicts.bad().forEach(text -> scene.narrator.verdict(false, text));
    terminal
        .out()
        .println(
            scene.narrator.bold(
                "%d verdicts, %d bad, in %s"
                    .formatted(
                        verdicts.good() + verdicts.bad().size(),
                        verdicts.bad().size(),
                        Elapsed.human(Elapsed.since(start)))));
    return verdicts.bad().isEmpty() ? ExitCode.OK : ExitCode.ERROR;
  }

  private static void makeFileSystem(Scene scene) throws IOException {
    scene.narrator.scene("A server's disk: a real ext4 file system with real files");
    Path files = scene.folder.resolve("files");
    SampleFiles.Content content = SampleFiles.make(files);
    long start = System.nanoTime();
    scene.ext4.make(scene.reference("start"), files, IMAGE_MEBIBYTES);
    scene.narrator.command(
        "mke2fs -t ext4 -d files shop.raw %dM".formatted(IMAGE_MEBIBYTES),
        Elapsed.human(Elapsed.since(start)));
    scene.narrator.say(
        "%d files, %s of text and programs, made without root"
            .formatted(content.files(), ByteSize.human(content.bytes())));
    Folders.delete(files);
  }

  private Optional<Tool> find(String name) {
    return Tool.find(name, terminal.variable("PATH"));
  }

  private Tool need(String name) {
    return find(name)
        .orElseThrow(() ->
            new UsageException(
                "the demo needs " + name + ", which is not installed",
                "install e2fsprogs (for example: apt-get install e2fsprogs)"));
  }

  private static Path folder(@Nullable Path place) throws IOException {
    if (place == null) {
      return Files.createTempDirectory("varve-demo-");
    }
    Path folder = place.toAbsolutePath().normalize();
    Files.createDirectories(folder);
    try (var entries = Files.list(folder)) {
      if (entries.findAny().isPresent()) {
        throw new UsageException(
            folder + " is not empty", "name an empty folder, or one that is not there yet");
      }
    }
    return folder;
  }
}
