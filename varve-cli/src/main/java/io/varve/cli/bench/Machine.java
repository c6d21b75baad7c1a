// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The machine a figure was measured on: without it a figure says little.
public final class Machine {
  private Machine() {}

  /// One line: processor, memory, file system, system, Java.
  public static String describe(Path folder) throws IOException {
    return "%s, %d processors, %d GiB, %s, Linux %s, Java %s"
        .formatted(
            processor(),
            Runtime.getRuntime().availableProcessors(),
            Math.round(memoryKibibytes() / 1048576.0),
            Files.getFileStore(folder).type(),
            System.getProperty("os.version"),
            Runtime.version().feature());
  }

  private static String processor() throws IOException {
    return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(System.getProperty("os.arch"));
  }

  private static long memoryKibibytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/meminfo")).stream()
        .filter(line -> line.startsWith("MemTotal"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }
}
