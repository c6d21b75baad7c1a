// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import io.varve.cli.io.Tool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A real ext4 file system in a raw image, handled by e2fsprogs and without root. For one thread.
final class Ext4 {
  private static final int BLOCK = 4096;

  private final Tool mke2fs;
  private final Tool debugfs;
  private final Tool e2fsck;

  Ext4(Tool mke2fs, Tool debugfs, Tool e2fsck) {
    this.mke2fs = mke2fs;
    this.debugfs = debugfs;
    this.e2fsck = e2fsck;
  }

  /// Makes an image that holds the files of `folder`.
  void make(Path image, Path folder, int mebibytes) throws IOException {
    mke2fs.must(
        "-q", "-t", "ext4", "-b", BLOCK, "-L", "shop", "-d", folder, image, mebibytes + "M");
  }

  /// Changes files inside the image by commands of debugfs.
  void edit(Path image, Path scratch, String... commands) throws IOException {
    Path script = scratch.resolve("debugfs.commands");
    Files.writeString(script, String.join("\n", commands) + "\n");
    String said = debugfs.must("-w", "-f", script, image);
    // debugfs ends with 0 whatever its commands did.
    for (String sign : List.of("File not found", "No such", "Could not allocate", "No space")) {
      if (said.contains(sign)) {
        throw new IOException("debugfs could not change the files: " + said.strip());
      }
    }
  }

  /// The names in a folder of the image.
  List<String> names(Path image, String folder) throws IOException {
    return debugfs
        .must("-R", "ls -p " + folder, image)
        .lines()
        .filter(line -> line.startsWith("/"))
        .map(line -> line.split("/", -1)[5])
        .filter(name -> !name.equals(".") && !name.equals("..") && !name.isEmpty())
        .sorted()
        .toList();
  }

  /// The bytes of a file of the image.
  byte[] content(Path image, String file, Path scratch) throws IOException {
    Path out = scratch.resolve("dumped");
    Files.deleteIfExists(out);
    debugfs.must("-R", "dump " + file + " " + out, image);
    return Files.exists(out) ? Files.readAllBytes(out) : new byte[0];
  }

  /// The text of a small file of the image, on one line.
  String text(Path image, String file, Path scratch) throws IOException {
    return new String(content(image, file, scratch), StandardCharsets.UTF_8).strip();
  }

  /// Where the first byte of a file lies in the disk.
  long offsetOf(Path image, String file) throws IOException {
    String said = debugfs.must("-R", "bmap " + file + " 0", image);
    String block = said.lines().filter(l -> l.strip().matches("\\d+")).findFirst().orElse("0");
    return Long.parseLong(block.strip()) * BLOCK;
  }

  /// What e2fsck says of the whole file system; it only reads.
  Tool.Result check(Path image) throws IOException {
    return e2fsck.run("-f", "-n", image);
  }
}
