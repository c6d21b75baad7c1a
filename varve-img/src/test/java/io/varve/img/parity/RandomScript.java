// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Makes a script of random commands on a handful of images that stand on one another: all commands
/// of qemu-img with most of their options, and sessions of qemu-io between them.
///
/// An image is only ever put upon one of a lower number, so that no script makes a loop. Commands
/// that must fail are not kept out: both programs have to refuse in the same words.
final class RandomScript {
  private static final int IMAGES = 5;
  private static final long MOST = 12 << 20;

  private final RandomGenerator random;
  private final List<String> lines = new ArrayList<>();
  private final RandomImage[] images = new RandomImage[IMAGES];
  private int snapshots;

  private RandomScript(RandomGenerator random) {
    this.random = random;
  }

  /// @param steps calls of the tools, before those that look at the result
  static Script script(RandomGenerator random, int steps) {
    RandomScript script = new RandomScript(random);
    script.create(0);
    script.session(0);
    for (int i = 2; i < steps; i++) {
      script.step();
    }
    script.lookAtAll();
    return Script.parse(script.lines);
  }

  private void lookAtAll() {
    for (RandomImage image : images) {
      if (image != null) {
        lines.add("qemu-img info -f " + image.format() + " " + image.name());
        lines.add("qemu-img map --output=json -f " + image.format() + " " + image.name());
        if (image.format().equals("qcow2")) {
          lines.add("qemu-img check --output=json " + image.name());
        }
      }
    }
  }

  private void step() {
    switch (random.nextInt(27)) {
      case 0, 1, 2 -> create(random.nextInt(IMAGES));
      case 3, 4, 5, 6, 7, 8, 9 -> session(existing());
      case 10, 11, 12 -> snapshot(existing());
      case 13 -> resize(existing());
      case 14, 15 -> convert();
      case 16 -> rebase();
      case 17, 18 -> commit();
      case 19 -> amend(existing());
      case 20 -> bitmap(existing());
      case 21 -> compare();
      case 22 -> measure(existing());
      case 23 -> dd();
      default -> look(existing());
    }
  }

  private int existing() {
    int index = random.nextInt(IMAGES);
    while (images[index] == null) {
      index = (index + 1) % IMAGES;
    }
    return index;
  }

  private boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  private <T> T any(T[] of) {
    return of[random.nextInt(of.length)];
  }

  /// The number of an image below this one, -1 if there is none.
  private int below(int index) {
    int found = index == 0 ? -1 : random.nextInt(index);
    return found >= 0 && images[found] == null ? -1 : found;
  }

  private void create(int index) {
    if (oneIn(6)) {
      RandomImage image = new RandomImage("i" + index + ".raw", "raw", 65536, size(65536));
      images[index] = image;
      String options =
          oneIn(3) ? "-o preallocation=" + any(new String[] {"off", "falloc", "full"}) : "";
      lines.add("qemu-img create -f raw %s %s %d".formatted(options, image.name(), image.size()));
      return;
    }
    int base = oneIn(2) ? below(index) : -1;
    RandomOptions options = RandomOptions.of(random, base >= 0);
    long size = size(options.cluster());
    RandomImage image = new RandomImage("i" + index + ".qcow2", "qcow2", options.cluster(), size);
    String line = "qemu-img create -f qcow2 -o " + options.text(index) + " ";
    if (base >= 0) {
      line += "-b " + images[base].name() + " -F " + images[base].format() + " ";
    }
    boolean inherits = base >= 0 && oneIn(2);
    if (inherits) {
      image.setSize(images[base].size());
    }
    images[index] = image;
    lines.add(line + image.name() + (inherits ? "" : " " + size));
  }

  private long size(int cluster) {
    return Math.min(cluster * (2L + random.nextInt(50)), MOST)
        + (oneIn(3) ? 512L * random.nextInt(9) : 0);
  }

  private void session(int index) {
    RandomImage image = images[index];
    StringBuilder line = new StringBuilder("qemu-io -f " + image.format());
    int mode = random.nextInt(6);
    line.append(mode == 0 ? " -d ignore" : mode < 3 ? " -d unmap" : "");
    int commands = 1 + random.nextInt(5);
    RandomUse use = new RandomUse(random, image);
    for (int i = 0; i < commands; i++) {
      line.append(" -c '").append(use.command()).append('\'');
    }
    lines.add(line + " " + image.name());
  }

  private void snapshot(int index) {
    String name = images[index].name();
    switch (random.nextInt(4)) {
      case 0 -> lines.add("qemu-img snapshot -l " + name);
      case 1 -> lines.add("qemu-img snapshot -a s" + random.nextInt(snapshots + 1) + " " + name);
      case 2 -> lines.add("qemu-img snapshot -d s" + random.nextInt(snapshots + 1) + " " + name);
      default -> lines.add("qemu-img snapshot -c s" + snapshots++ + " " + name);
    }
  }

  private void resize(int index) {
    RandomImage image = images[index];
    long next = image.otherSize(random);
    String ahead =
        next > image.size() && oneIn(2)
            ? "--preallocation=" + (oneIn(2) ? "off" : "metadata") + " "
            : "";
    String shrink = next < image.size() || oneIn(5) ? "--shrink " : "";
    image.setSize(next);
    lines.add(
        "qemu-img resize -f %s %s%s%s %d"
            .formatted(image.format(), ahead, shrink, image.name(), next));
  }

  private void convert() {
    int to = 1 + random.nextInt(IMAGES - 1);
    int from = below(to);
    if (from < 0) {
      from = 0;
    }
    StringBuilder line = new StringBuilder("qemu-img convert");
    RandomImage source = images[from];
    RandomImage target;
    if (oneIn(4)) {
      target = new RandomImage("i" + to + ".raw", "raw", 65536, source.size());
      line.append(" -O raw");
    } else {
      RandomOptions options = RandomOptions.of(random, false);
      target = new RandomImage("i" + to + ".qcow2", "qcow2", options.cluster(), source.size());
      line.append(" -O qcow2 -o ").append(options.text(to));
      int base = oneIn(5) ? below(to) : -1;
      if (base >= 0) {
        line.append(" -B " + images[base].name() + " -F " + images[base].format());
      }
      line.append(oneIn(3) ? " -c" : "");
      line.append(oneIn(6) ? " --bitmaps" : "");
    }
    if (oneIn(6) && images[to] != null && images[to].format().equals(target.format())) {
      target = images[to];
      line = new StringBuilder("qemu-img convert -n -O " + target.format());
      line.append(oneIn(3) ? " -c" : "");
    }
    line.append(oneIn(4) ? " -S " + any(new String[] {"0", "512", "4k", "64k", "1M"}) : "");
    line.append(oneIn(5) ? " -W -m 1" : "");
    line.append(oneIn(6) && snapshots > 0 ? " -l s" + random.nextInt(snapshots) : "");
    images[to] = target;
    lines.add(line + " -f " + source.format() + " " + source.name() + " " + target.name());
  }

  private void rebase() {
    int index = 1 + random.nextInt(IMAGES - 1);
    if (images[index] == null) {
      return;
    }
    int base = below(index);
    String line = "qemu-img rebase " + (oneIn(3) ? "-u " : "") + (oneIn(4) ? "-c " : "");
    line += "-f " + images[index].format() + " ";
    line +=
        base < 0 || oneIn(4)
            ? "-b ''"
            : "-b " + images[base].name() + " -F " + images[base].format();
    lines.add(line + " " + images[index].name());
  }

  private void commit() {
    int index = existing();
    RandomImage image = images[index];
    String line = "qemu-img commit -f " + image.format();
    line += oneIn(4) ? " -d" : "";
    line += oneIn(5) && below(index) >= 0 ? " -b " + images[existing()].name() : "";
    lines.add(line + " " + image.name());
  }

  private void amend(int index) {
    String change =
        switch (random.nextInt(6)) {
          case 0 -> "compat=0.10";
          case 1 -> "compat=1.1";
          case 2 -> "compat=v3,lazy_refcounts=on";
          case 3 -> "lazy_refcounts=" + (oneIn(2) ? "on" : "off");
          case 4 -> "refcount_bits=" + (8 << random.nextInt(3));
          default -> {
            images[index].setSize(images[index].otherSize(random));
            yield "size=" + images[index].size();
          }
        };
    String name = images[index].name();
    lines.add("qemu-img amend -f " + images[index].format() + " -o " + change + " " + name);
  }

  private void bitmap(int index) {
    String action =
        switch (random.nextInt(7)) {
          case 0, 1, 2 -> "--add" + (oneIn(2) ? " -g " + (512 << random.nextInt(12)) : "");
          case 3 -> "--remove";
          case 4 -> "--clear";
          case 5 -> oneIn(2) ? "--disable" : "--enable";
          default -> "--merge b" + random.nextInt(3);
        };
    RandomImage image = images[index];
    lines.add(
        "qemu-img bitmap %s -f %s %s b%d"
            .formatted(action, image.format(), image.name(), random.nextInt(3)));
  }

  private void compare() {
    RandomImage a = images[existing()];
    RandomImage b = images[existing()];
    lines.add(
        "qemu-img compare %s-f %s -F %s %s %s"
            .formatted(oneIn(4) ? "-s " : "", a.format(), b.format(), a.name(), b.name()));
  }

  private void measure(int index) {
    String json = oneIn(2) ? "--output=json " : "";
    if (oneIn(3)) {
      RandomOptions options = RandomOptions.of(random, false);
      lines.add(
          "qemu-img measure %s-O qcow2 -o %s --size %d"
              .formatted(json, options.text(index), size(65536)));
      return;
    }
    RandomImage image = images[index];
    String to = oneIn(4) ? "raw" : "qcow2 -o " + RandomOptions.of(random, false).text(index);
    String at = oneIn(5) && snapshots > 0 ? "-l s" + random.nextInt(snapshots) + " " : "";
    lines.add(
        "qemu-img measure %s-O %s %s-f %s %s"
            .formatted(json, to, at, image.format(), image.name()));
  }

  private void dd() {
    int to = 1 + random.nextInt(IMAGES - 1);
    int from = Math.max(0, below(to));
    RandomImage source = images[from];
    int block = 512 << random.nextInt(9);
    long blocks = source.size() / block;
    String format = oneIn(2) ? "raw" : "qcow2";
    String line = "qemu-img dd -f " + source.format() + " -O " + format + " bs=" + block;
    long length = source.size();
    if (oneIn(2)) {
      long count = 1 + random.nextLong(blocks + 1);
      line += " count=" + count;
      length = Math.min(length, count * block);
    }
    if (oneIn(2)) {
      long skip = random.nextLong(blocks + 1);
      line += " skip=" + skip;
      length = Math.max(512, Math.min(length, source.size() - skip * block));
    }
    RandomImage target = new RandomImage("i" + to + "." + format, format, 65536, length);
    images[to] = target;
    lines.add(line + " if=" + source.name() + " of=" + target.name());
  }

  private void look(int index) {
    RandomImage image = images[index];
    String end = " -f " + image.format() + " " + image.name();
    lines.add(
        switch (random.nextInt(8)) {
          case 0 -> "qemu-img map" + end;
          case 1 -> "qemu-img map --output=json" + end;
          case 2 -> {
            long start = image.size() == 0 ? 0 : random.nextLong(image.size());
            yield "qemu-img map --output=json --start-offset="
                + start
                + " --max-length=70000"
                + end;
          }
          case 3 -> "qemu-img check" + end;
          case 4 -> "qemu-img check -r " + (oneIn(2) ? "leaks" : "all") + end;
          case 5 -> "qemu-img info --output=json" + end;
          case 6 -> "qemu-img info --backing-chain" + end;
          default -> "qemu-img info -U" + end;
        });
  }
}
