// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import io.varve.testkit.ToolRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;

/// One damaged image under both programs: each command runs on a copy for either side, and the
/// answers, and what the commands left of the copies, are compared.
///
/// The real tool runs under limits, and where it dies of them, or of a fault of its own, ours is
/// not asked. Ours runs in this process and must answer in time, in words.
final class DamagedImage {
  private static final long OURS_MILLIS = 20_000;
  private static final int LEAKS = 3;
  private static final String[] LIMITS = {
    "prlimit", "--as=1500000000", "--fsize=4000000000", "timeout", "-s", "KILL", "5"
  };

  /// @param text a command line of [Script], with IMAGE for the image
  /// @param writes true if it may change its image
  record Command(String text, boolean writes) {}

  private final Seedbed.Recipe recipe;
  private final Path damaged;
  private final Path folder;
  private boolean sound;
  private final List<String> differences = new ArrayList<>();

  /// @param damaged a folder with the image and what belongs to it
  /// @param folder where copies may be made
  DamagedImage(Seedbed.Recipe recipe, Path damaged, Path folder) {
    this.recipe = recipe;
    this.damaged = damaged;
    this.folder = folder;
  }

  List<String> differences(RandomGenerator random) throws IOException {
    for (Side side : Side.values()) {
      Seedbed.copy(damaged, folder.resolve(side.name()));
    }
    for (Command command : DamagedCommands.pick(recipe, random)) {
      compare(command);
      for (Side side : Side.values()) {
        Files.deleteIfExists(folder.resolve(side.name()).resolve("out.raw"));
      }
    }
    return differences;
  }

  private void compare(Command command) throws IOException {
    Script.Step step = Script.parse(List.of(command.text())).steps().getFirst();
    Path realFolder = folder.resolve(Side.REAL.name());
    Path ourFolder = folder.resolve(Side.OURS.name());
    if (command.writes()) {
      Seedbed.copy(damaged, realFolder);
      Seedbed.copy(damaged, ourFolder);
    }
    Outcome real = relative(limited(step, realFolder).normalised(realFolder));
    if (real.exit() >= 124 || real.toString().contains("File too large")) {
      return;
    }
    Outcome ours = relative(inTime(step, ourFolder).normalised(ourFolder));
    if (DamagedCommands.isPlainCheck(command)) {
      sound = real.exit() == 0 || real.exit() == LEAKS;
    }
    String place = "%s\n".formatted(command.text());
    if (ours.err().contains("internal error") || ours.err().contains("out of memory")) {
      differences.add(place + ours.err());
    } else if (command.writes() && !sound && !DamagedCommands.refused(real)) {
      // A damaged index led both somewhere: how far they look before they write is their own.
      return;
    } else if (!DamagedCommands.alike(step, real, ours)) {
      differences.add(place + "--- real: " + real.from(ours) + "--- ours: " + ours.from(real));
    } else if (command.writes()) {
      left(place, realFolder, ourFolder, recipe.image(), recipe.format());
    } else if (real.exit() == 0 && Files.exists(realFolder.resolve("out.raw"))) {
      left(place, realFolder, ourFolder, "out.raw", "raw");
    }
  }

  /// Ours runs in a folder that is not its process's, and names what lies there in full.
  private static Outcome relative(Outcome from) {
    return new Outcome(
        from.exit(), from.out().replace("FOLDER/", ""), from.err().replace("FOLDER/", ""));
  }

  private static Outcome limited(Script.Step step, Path folder) throws IOException {
    List<String> command = new ArrayList<>(List.of(LIMITS));
    command.addAll(step.words());
    ToolRun run = ToolRun.of(command, folder, step.input());
    return new Outcome(run.exit(), run.out(), run.err());
  }

  private Outcome inTime(Script.Step step, Path inFolder) throws IOException {
    AtomicReference<Outcome> outcome = new AtomicReference<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                outcome.set(Side.OURS.run(step, inFolder));
              } catch (IOException | RuntimeException | Error e) {
                outcome.set(new Outcome(-1, "", "internal error: thrown: " + e));
              }
            });
    try {
      thread.join(OURS_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    Outcome found = outcome.get();
    return found != null
        ? found
        : new Outcome(-1, "", "internal error: no answer after " + OURS_MILLIS + " ms");
  }

  /// The real tool's verdict on both copies must be the same.
  private void left(String place, Path real, Path ours, String name, String format)
      throws IOException {
    if (format.equals("qcow2")) {
      Script.Step check = step("qemu-img check -f qcow2 " + name);
      int expected = limited(check, real).exit();
      int found = limited(check, ours).exit();
      // Where a step fails half way, QEMU may leave clusters leaked that ours gives back.
      boolean cleaner = expected == LEAKS && found == 0;
      if (expected != found && !cleaner && expected < 124 && found < 124) {
        differences.add(
            place + "left: check says " + expected + " of the real one's, " + found + " of ours");
      }
    }
    String compare = "qemu-img compare -f " + format + " -F " + format + " ";
    Script.Step same = step(compare + real.resolve(name) + " " + real.resolve(name));
    if (recipe.encrypted() || limited(same, real).exit() != 0) {
      return;
    }
    Outcome compared = limited(step(compare + real.resolve(name) + " " + ours.resolve(name)), real);
    if (compared.exit() > 0 && compared.exit() < 124) {
      differences.add(place + "left: " + compared.out() + compared.err());
    }
  }

  private static Script.Step step(String line) {
    return Script.parse(List.of(line)).steps().getFirst();
  }
}
