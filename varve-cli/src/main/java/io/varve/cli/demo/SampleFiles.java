// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// The files of the demo's server: texts and programs of this machine's JDK, a table of orders, and
/// a note. Some forty MiB, half text and half binary, as real disks have them.
final class SampleFiles {
  /// What the folder holds.
  ///
  /// @param files their number
  /// @param bytes their length
  record Content(long files, long bytes) {}

  static final String NOTE = "/mail/today.txt";
  static final String ORDERS = "/data/orders.csv";

  private static final int ORDER_LINES = 400_000;
  private static final long SEED = 20_251_122L;

  private SampleFiles() {}

  static Content make(Path folder) throws IOException {
    Path jdk = Path.of(System.getProperty("java.home"));
    for (String part : new String[] {"conf", "legal", "lib/security", "lib/server", "include"}) {
      copy(jdk.resolve(part), folder.resolve("srv").resolve(part));
    }
    Files.createDirectories(folder.resolve("mail"));
    Files.writeString(folder.resolve(NOTE.substring(1)), "Monday: all is well.\n");
    Files.createDirectories(folder.resolve("data"));
    orders(folder.resolve(ORDERS.substring(1)));
    return measure(folder);
  }

  private static void copy(Path from, Path to) throws IOException {
    if (!Files.isDirectory(from)) {
      return;
    }
    try (Stream<Path> all = Files.walk(from)) {
      for (Path source : (Iterable<Path>) all.filter(SampleFiles::wanted)::iterator) {
        Path target = to.resolve(from.relativize(source).toString());
        if (Files.isDirectory(source)) {
          Files.createDirectories(target);
        } else {
          Files.createDirectories(target.getParent());
          Files.copy(source, target);
        }
      }
    }
  }

  /// Archives of shared classes would triple the disk and show nothing more.
  private static boolean wanted(Path file) {
    return !file.toString().endsWith(".jsa");
  }

  private static void orders(Path file) throws IOException {
    SplittableRandom random = new SplittableRandom(SEED);
    try (OutputStream out = Files.newOutputStream(file);
        PrintWriter lines = new PrintWriter(out, false, StandardCharsets.US_ASCII)) {
      for (int i = 1; i <= ORDER_LINES; i++) {
        lines.printf("%07d;item-%05d;%d%n", i, random.nextInt(100_000), random.nextInt(1, 10));
      }
    }
  }

  private static Content measure(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      long[] sums = new long[2];
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        sums[0]++;
        sums[1] += Files.size(file);
      }
      return new Content(sums[0], sums[1]);
    }
  }
}
