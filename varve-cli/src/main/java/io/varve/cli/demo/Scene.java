// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import io.varve.cli.Terminal;
import io.varve.cli.io.Tool;
import io.varve.cli.text.ByteSize;
import io.varve.cli.text.Elapsed;
import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.Varve;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What all parts of the demo share: the folder, the tools, the references, and the ways to act:
/// type a command, be the guest, look inside. For one thread.
final class Scene {
  final Path folder;
  final Path home;
  final Narrator narrator;
  final Verdicts verdicts;
  final Ext4 ext4;
  final Optional<Tool> qemuImg;

  private final DemoHost host;
  private final Terminal terminal;
  private final Tool cp;
  private final Map<String, Path> references = new TreeMap<>();
  private final Map<String, String> expected = new TreeMap<>();

  Scene(DemoHost host, Terminal terminal, Path folder, Ext4 ext4, Tool cp, Optional<Tool> qemuImg) {
    this.host = host;
    this.terminal = terminal;
    this.folder = folder;
    this.home = folder.resolve("home");
    this.narrator = new Narrator(terminal, folder);
    this.verdicts = new Verdicts(narrator);
    this.ext4 = ext4;
    this.cp = cp;
    this.qemuImg = qemuImg;
  }

  Path virtualPool() {
    return folder.resolve("main");
  }

  Path externalPool() {
    return folder.resolve("san");
  }

  /// A raw image made beside Varve: what the disk must read like.
  Path reference(String name) {
    return references.computeIfAbsent(name, n -> folder.resolve("reference-" + n + ".raw"));
  }

  /// Types a command that must succeed, shows it with what it prints and costs.
  void varve(String... arguments) throws IOException {
    Ran ran = run(arguments);
    narrator.command("varve " + String.join(" ", arguments), ran.figures());
    narrator.lines(ran.lines());
    if (ran.code() != 0) {
      throw new IOException("the command above ended with " + ran.code());
    }
  }

  /// Types a command that must be refused, with a reason and a cure.
  void refused(String... arguments) throws IOException {
    Ran ran = run(arguments);
    narrator.command("varve " + String.join(" ", arguments), "");
    narrator.lines(ran.lines());
    if (ran.code() != 1 || ran.lines().stream().noneMatch(line -> line.contains("cure:"))) {
      verdicts.add(false, "this should have been refused with a reason and a cure");
    }
  }

  /// What a command prints, which must succeed.
  List<String> printed(String... arguments) throws IOException {
    Ran ran = run(arguments);
    if (ran.code() != 0) {
      throw new IOException("varve " + String.join(" ", arguments) + " ended with " + ran.code());
    }
    return ran.lines();
  }

  /// Runs a command without showing it; it must succeed.
  void quietly(String... arguments) throws IOException {
    Ran ran = run(arguments);
    if (ran.code() != 0) {
      narrator.lines(ran.lines());
      throw new IOException("varve " + String.join(" ", arguments) + " ended with " + ran.code());
    }
  }

  private record Ran(int code, List<String> lines, Duration time, long grownBytes) {
    String figures() {
      String bytes =
          grownBytes == 0 ? "+0 B" : (grownBytes > 0 ? "+" : "") + ByteSize.human(grownBytes);
      return "%s, %s on host".formatted(Elapsed.human(time), bytes);
    }
  }

  private Ran run(String... arguments) throws IOException {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    Map<String, String> environment = new HashMap<>(terminal.environment());
    environment.put("VARVE_HOME", home.toString());
    Terminal captured =
        new Terminal(
            InputStream.nullInputStream(), printed, printed, Terminal.Tty.NONE, environment);
    long before = allocated();
    long start = System.nanoTime();
    int code = host.run(captured, arguments);
    Duration time = Elapsed.since(start);
    List<String> lines = printed.toString(StandardCharsets.UTF_8).lines().toList();
    return new Ran(code, lines, time, allocated() - before);
  }

  private long allocated() throws IOException {
    return Store.allocated(List.of(virtualPool(), externalPool()));
  }

  /// Opens the engine itself.
  Varve engine() {
    return host.open(home);
  }

  /// Lets the guest of a disk change files: the change goes into a reference beside Varve, and the
  /// blocks in which that differs from the one before go into the disk.
  void guest(String deed, String disk, String before, String after, String... commands)
      throws IOException {
    Path old = reference(before);
    Path now = reference(after);
    copy(old, now);
    ext4.edit(now, folder, commands);
    again(deed, disk, before, after);
  }

  /// Lets the guest of another disk make a change that is known already.
  void again(String deed, String disk, String before, String after) throws IOException {
    long start = System.nanoTime();
    long allocated = allocated();
    GuestChanges.Extent changed = write(disk, reference(before), reference(after));
    Duration time = Elapsed.since(start);
    narrator.guest(
        deed,
        "%d writes, %s in %s, +%s on host"
            .formatted(
                changed.writes(),
                ByteSize.human(changed.bytes()),
                Elapsed.human(time),
                ByteSize.human(allocated() - allocated)));
  }

  private GuestChanges.Extent write(String disk, Path old, Path now) throws IOException {
    try (Varve varve = engine();
        DiskSession session = varve.data().open(DiskAddress.parse(disk), true)) {
      GuestChanges.Extent changed = GuestChanges.apply(old, now, session::write);
      session.flush();
      return changed;
    }
  }

  /// Copies an image, holes included.
  void copy(Path from, Path to) throws IOException {
    cp.must("--sparse=always", "--reflink=auto", from, to);
  }

  /// Looks inside a disk or snapshot with ext4's own tools, and holds it against a reference.
  void look(String source, String reference) throws IOException {
    Path raw = export(source);
    List<String> data = ext4.names(raw, "/data");
    narrator.say(
        "in %s: note \"%s\"; data: %s"
            .formatted(
                source,
                ext4.text(raw, SampleFiles.NOTE, folder),
                data.isEmpty() ? "nothing" : String.join(", ", data)));
    Tool.Result check = ext4.check(raw);
    boolean same = Files.mismatch(raw, reference(reference)) < 0;
    verdicts.add(
        check.ok() && same,
        "e2fsck: %s; every byte %s the reference '%s'"
            .formatted(
                check.ok() ? "clean" : "DAMAGED: " + check.firstLine(),
                same ? "is that of" : "is NOT that of",
                reference));
    Files.delete(raw);
  }

  /// True if the disk or snapshot reads byte for byte like the reference.
  boolean reads(String source, String reference) throws IOException {
    Path raw = export(source);
    boolean same = Files.mismatch(raw, reference(reference)) < 0;
    Files.delete(raw);
    return same;
  }

  private Path export(String source) throws IOException {
    Path raw = folder.resolve("look.raw");
    quietly("disk", "export", source, raw.toString(), "--format", "raw");
    return raw;
  }

  /// Lets QEMU check every image file of both pools, where it is installed.
  void checkByQemu() throws IOException {
    if (qemuImg.isEmpty()) {
      return;
    }
    List<Path> images = new ArrayList<>(Store.images(virtualPool()));
    images.addAll(Store.images(externalPool()));
    List<String> bad = new ArrayList<>();
    for (Path image : images) {
      Tool.Result result = qemuImg.get().run("check", "-f", "qcow2", image);
      if (!result.ok()) {
        bad.add(image.getFileName() + ": " + result.firstLine());
      }
    }
    verdicts.add(
        bad.isEmpty(),
        bad.isEmpty()
            ? "qemu-img check: no errors in any of %d image files".formatted(images.size())
            : "qemu-img check: " + String.join("; ", bad));
  }

  /// Notes what a disk or snapshot must read like to the end.
  void expect(String source, String reference) {
    expected.put(source, reference);
  }

  /// A disk or snapshot is gone.
  void forget(String source) {
    expected.remove(source);
  }

  Map<String, String> expected() {
    return new TreeMap<>(expected);
  }
}
