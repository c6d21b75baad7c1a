// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import io.varve.testkit.ToolRun;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/// What a script does besides calling the tools: it prepares and damages files.
///
/// - `truncate FILE SIZE` sets a file's length, making the file if need be
/// - `poke FILE OFFSET HEX` overwrites bytes; the offset is decimal or 0x…
/// - `noise FILE OFFSET LENGTH SEED` writes bytes that do not compress
/// - `text FILE CONTENT` writes a small file
/// - `lines FILE LINE…` writes a file of these lines
/// - `inuse FILE BITMAP` flags a persistent bitmap as in use, as a crash leaves it
/// - `made ARGUMENTS` runs the real qemu-img, for images that ours reads and does not write
/// - `cp FROM TO`, `mv FROM TO`, `rm FILE`, `mkdir FOLDER`, `ln TARGET LINK`
final class Props {
  private static final int BITMAPS_EXTENSION = 0x23852875;

  private final Path folder;

  Props(Path folder) {
    this.folder = folder;
  }

  void run(List<String> words) throws IOException {
    Path first = folder.resolve(words.get(1));
    switch (words.getFirst()) {
      case "truncate" -> change(first, file -> file.setLength(Long.decode(words.get(2))));
      case "poke" -> put(first, Long.decode(words.get(2)), HexFormat.of().parseHex(words.get(3)));
      case "noise" -> put(first, Long.decode(words.get(2)), noise(words.get(3), words.get(4)));
      case "made" -> made(words.subList(1, words.size()));
      case "inuse" -> flagInUse(first, words.get(2));
      case "text" -> Files.writeString(first, words.get(2));
      case "lines" -> Files.write(first, words.subList(2, words.size()));
      case "cp" -> Files.copy(first, target(words), StandardCopyOption.REPLACE_EXISTING);
      case "mv" -> Files.move(first, target(words), StandardCopyOption.REPLACE_EXISTING);
      case "rm" -> Files.delete(first);
      case "mkdir" -> Files.createDirectories(first);
      case "ln" -> Files.createSymbolicLink(target(words), Path.of(words.get(1)));
      default -> throw new IllegalArgumentException("no such step: " + words);
    }
  }

  private void made(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("qemu-img"));
    command.addAll(arguments);
    ToolRun.of(command, folder, "").ok();
  }

  private Path target(List<String> words) {
    return folder.resolve(words.get(2));
  }

  private static byte[] noise(String length, String seed) {
    byte[] bytes = new byte[Integer.decode(length)];
    new Random(Long.decode(seed)).nextBytes(bytes);
    return bytes;
  }

  private static void put(Path file, long position, byte[] bytes) throws IOException {
    change(
        file,
        to -> {
          to.seek(position);
          to.write(bytes);
        });
  }

  /// Finds the directory through the header extension, and in it the entry by its name.
  private static void flagInUse(Path file, String bitmap) throws IOException {
    ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file));
    int extension = all.getInt(100);
    while (all.getInt(extension) != BITMAPS_EXTENSION) {
      extension += 8 + (all.getInt(extension + 4) + 7 & -8);
    }
    int entry = (int) all.getLong(extension + 24);
    byte[] name = bitmap.getBytes(StandardCharsets.UTF_8);
    while (all.getShort(entry + 18) != name.length
        || !all.slice(entry + 24, name.length).equals(ByteBuffer.wrap(name))) {
      entry += 24 + all.getShort(entry + 18) + 7 & -8;
    }
    put(file, entry + 15, new byte[] {(byte) (all.get(entry + 15) | 1)});
  }

  private interface Change {
    void on(RandomAccessFile file) throws IOException;
  }

  private static void change(Path path, Change change) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      change.on(file);
    }
  }
}
