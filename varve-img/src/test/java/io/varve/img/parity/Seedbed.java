// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Sound images of every kind, made once by the real tools, to be damaged afterwards.
///
/// Each is a folder with one image under test, named as its recipe says, and what lies beside it.
final class Seedbed {
  /// @param name for a failure's text
  /// @param image the file that gets damaged
  /// @param format what `-f` says
  /// @param steps lines of a [Script]
  record Recipe(String name, String image, String format, List<String> steps) {
    boolean encrypted() {
      return name.startsWith("luks");
    }

    boolean isQcow2() {
      return format.equals("qcow2");
    }
  }

  private static final String FILL =
      "qemu-io -c 'write -P 65 0 70k' -c 'write -P 66 300k 9k' -c 'write -z 128k 64k'"
          + " -c 'write -P 67 1000k 24k' -c 'discard 40k 16k' a.qcow2";
  private static final String COMPRESS =
      "qemu-io -c 'write -c -P 68 512k 64k' -c 'write -c -P 69 640k 64k' a.qcow2";
  private static final String SECRET = "--object secret,id=s,data=abc ";

  static final List<Recipe> QCOW2 =
      List.of(
          qcow2("plain", "create -q -f qcow2 a.qcow2 1M", FILL),
          qcow2("v2", "create -q -f qcow2 -o compat=0.10 a.qcow2 1M", FILL, COMPRESS),
          qcow2(
              "tiny clusters",
              "create -q -f qcow2 -o cluster_size=512,refcount_bits=1 a.qcow2 1M",
              FILL),
          qcow2(
              "wide counts",
              "create -q -f qcow2 -o cluster_size=4k,refcount_bits=64 a.qcow2 1M",
              FILL,
              "qemu-img snapshot -c one a.qcow2"),
          qcow2(
              "subclusters",
              "create -q -f qcow2 -o extended_l2=on,cluster_size=16k a.qcow2 1M",
              FILL),
          qcow2(
              "snapshots",
              "create -q -f qcow2 -o cluster_size=4k a.qcow2 1M",
              FILL,
              "qemu-img snapshot -c one a.qcow2",
              "qemu-io -c 'write -P 70 0 9k' a.qcow2",
              "qemu-img snapshot -c two a.qcow2",
              "qemu-io -c 'write -P 71 500k 9k' a.qcow2"),
          qcow2(
              "bitmaps",
              "create -q -f qcow2 -o cluster_size=4k a.qcow2 1M",
              "qemu-img bitmap --add -g 4k a.qcow2 b0",
              "qemu-img bitmap --add --disable a.qcow2 b1",
              FILL),
          qcow2(
              "luks",
              SECRET
                  + "create -q -f qcow2 -o encrypt.format=luks,encrypt.key-secret=s,"
                  + "encrypt.iter-time=10,cluster_size=4k a.qcow2 256k"),
          qcow2(
              "data file",
              "create -q -f qcow2 -o data_file=a.raw,data_file_raw=off a.qcow2 1M",
              FILL),
          qcow2(
              "raw data file",
              "create -q -f qcow2 -o data_file=a.raw,data_file_raw=on a.qcow2 1M",
              FILL),
          qcow2("zlib", "create -q -f qcow2 -o cluster_size=64k a.qcow2 1M", COMPRESS, FILL),
          qcow2(
              "zstd",
              "create -q -f qcow2 -o cluster_size=4k,compression_type=zstd a.qcow2 1M",
              COMPRESS,
              FILL),
          qcow2(
              "overlay",
              "create -q -f qcow2 base.qcow2 768k",
              "qemu-io -c 'write -P 17 0 400k' base.qcow2",
              "qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 -o cluster_size=4k a.qcow2 1M",
              FILL),
          qcow2(
              "raw base",
              "create -q -f raw base.raw 1M",
              "qemu-img create -q -f qcow2 -b base.raw -F raw -o lazy_refcounts=on a.qcow2 1M",
              FILL),
          qcow2(
              "preallocated",
              "create -q -f qcow2 -o preallocation=metadata,cluster_size=4k a.qcow2 1M"));

  static final List<Recipe> FOREIGN =
      List.of(
          foreign("vmdk", "vmdk", ""),
          foreign("vmdk stream", "vmdk", "-o subformat=streamOptimized "),
          foreign("vmdk flat", "vmdk", "-o subformat=monolithicFlat "),
          foreign("vpc", "vpc", ""),
          foreign("vpc fixed", "vpc", "-o subformat=fixed "),
          foreign("vhdx", "vhdx", "-o block_size=1M "),
          foreign("vdi", "vdi", ""),
          foreign("vdi static", "vdi", "-o static=on "));

  private final Path root;

  /// @param root an empty folder, for as long as the images are needed
  Seedbed(Path root) {
    this.root = root;
  }

  private static Recipe qcow2(String name, String first, String... steps) {
    List<String> all = new ArrayList<>(List.of("qemu-img " + first.strip()));
    if (first.startsWith(SECRET)) {
      all.set(0, "qemu-img create " + first.replace("create ", "").strip());
    }
    all.addAll(List.of(steps));
    return new Recipe(name, "a.qcow2", "qcow2", List.copyOf(all));
  }

  private static Recipe foreign(String name, String format, String options) {
    return new Recipe(
        name,
        "a." + format,
        format,
        List.of(
            "truncate in.raw 1048576",
            "noise in.raw 0 70000 1",
            "noise in.raw 500000 3000 2",
            "made convert -O " + format + " " + options + "in.raw a." + format,
            "rm in.raw"));
  }

  /// The folder with a recipe's files, made when first asked for.
  Path made(Recipe recipe) throws IOException {
    Path folder = root.resolve(recipe.name().replace(' ', '-'));
    if (Files.notExists(folder)) {
      Files.createDirectory(folder);
      Props props = new Props(folder);
      for (Script.Step step : Script.parse(recipe.steps()).steps()) {
        if (step.isTool()) {
          Outcome outcome = Side.REAL.run(step, folder);
          if (outcome.exit() != 0) {
            throw new IOException(step.line() + ": " + outcome);
          }
        } else {
          props.run(step.words());
        }
      }
    }
    return folder;
  }

  /// Copies all files of a folder into another, replacing what is there.
  static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> old = Files.list(to)) {
      for (Path file : old.toList()) {
        Files.delete(file);
      }
    }
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
  }
}
