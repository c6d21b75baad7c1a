// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import io.varve.img.parity.DamagedImage.Command;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// What is asked of a damaged image.
final class DamagedCommands {
  private static final int WRITES = 4;

  private static final String[] READING = {
    "qemu-img info IMAGE",
    "qemu-img info --output=json IMAGE",
    "qemu-img check IMAGE",
    "qemu-img check --output=json IMAGE",
    "qemu-img map IMAGE",
    "qemu-img map --output=json IMAGE",
    "qemu-img convert -O raw IMAGE out.raw",
    "qemu-img snapshot -l IMAGE",
    "qemu-img measure -O qcow2 IMAGE",
    "qemu-io -r -c length -c map -c 'read 0 64k' -c 'read -v 1000k 32' -c 'alloc 0 1M' IMAGE",
  };

  private static final String[] WRITING = {
    "qemu-img check -r leaks IMAGE",
    "qemu-img check -r all IMAGE",
    "qemu-img check -r all IMAGE",
    "qemu-img resize IMAGE +1M",
    "qemu-img resize --shrink IMAGE 512k",
    "qemu-img amend -o compat=0.10 IMAGE",
    "qemu-img amend -o compat=1.1 IMAGE",
    "qemu-img amend -o refcount_bits=32 IMAGE",
    "qemu-img amend -o lazy_refcounts=on IMAGE",
    "qemu-img rebase -u -b '' IMAGE",
    "qemu-img commit IMAGE",
    "qemu-img snapshot -c new IMAGE",
    "qemu-img snapshot -a one IMAGE",
    "qemu-img snapshot -d one IMAGE",
    "qemu-img bitmap --add IMAGE new",
    "qemu-img bitmap --remove IMAGE b0",
    "qemu-img bitmap --clear IMAGE b1",
    "qemu-img bitmap --merge b0 IMAGE b1",
    "qemu-io -c 'write -P 7 0 100k' -c 'write -P 8 900k 100k' IMAGE",
    "qemu-io -c 'write -P 7 300k 1k' -c 'discard 1000k 24k' -c 'read 0 1M' IMAGE",
    "qemu-io -c 'write -z 0 300k' -c 'write -z -u 512k 512k' -c flush -c map IMAGE",
    "qemu-io -c 'write -c -P 9 512k 64k' -c 'read -P 9 512k 64k' IMAGE",
  };

  private DamagedCommands() {}

  /// Every command that reads, and some of those that write.
  static List<Command> pick(Seedbed.Recipe recipe, RandomGenerator random) {
    List<Command> commands = new ArrayList<>();
    for (String line : READING) {
      commands.add(command(recipe, line, false));
    }
    for (int i = 0; i < WRITES && recipe.isQcow2(); i++) {
      commands.add(command(recipe, WRITING[random.nextInt(WRITING.length)], true));
    }
    return commands;
  }

  private static Command command(Seedbed.Recipe recipe, String line, boolean writes) {
    String image = "-f " + recipe.format() + " " + recipe.image();
    if (recipe.encrypted()) {
      image =
          "--object secret,id=s,data=abc --image-opts"
              + " driver=qcow2,file.filename=a.qcow2,encrypt.key-secret=s";
    }
    return new Command(line.replace("IMAGE", image), writes);
  }

  /// True for the check that tells whether the index is sound.
  static boolean isPlainCheck(Command command) {
    String text = command.text();
    return text.startsWith("qemu-img check ") && !text.contains("--output") && !command.writes();
  }

  /// True if the image was not even opened.
  static boolean refused(Outcome real) {
    return real.exit() != 0 && real.err().contains("pen ");
  }

  /// True if a script's reader could not tell the two apart.
  static boolean alike(Script.Step step, Outcome real, Outcome ours) {
    if (ours.err().contains("not a file name")
        || (real.exit() != 0 && ours.err().contains("is not supported by Varve"))) {
      // Refused by ours before it looks any further: names that are not text, other formats.
      return true;
    }
    boolean convert = step.words().get(1).equals("convert");
    if (convert && real.exit() != 0 && ours.exit() != 0) {
      // Which of several damaged places a copy meets first depends on the order of its reads.
      return real.out().equals(ours.out());
    }
    return real.same(ours, Script.Compared.CONTENT);
  }
}
