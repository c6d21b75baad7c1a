// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.varve.testkit.QemuTools;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Every script under `resources/parity`: a user who calls qemu-img and qemu-io cannot tell ours
/// from the real ones, nor a mixture of both, by text, exit code or files. What a script may
/// contain is described in [Script] and [Props].
///
/// `-Dvarve.parity=PART` runs only the scripts whose path contains PART.
class ParityTest {
  /// Scripts run side by side: most of their time is that of small processes.
  @Execution(ExecutionMode.CONCURRENT)
  @TestFactory
  Stream<DynamicNode> speaksAsTheRealToolsDo() throws IOException {
    Assumptions.assumeTrue(QemuTools.require().atLeast(10, 0), "the words of QEMU 10 are compared");
    Path root = Path.of("src/test/resources/parity").toAbsolutePath();
    String part = System.getProperty("varve.parity", "");
    List<Path> scripts;
    try (Stream<Path> files = Files.walk(root)) {
      scripts = files.filter(Files::isRegularFile).sorted().toList();
    }
    assertThat(scripts).isNotEmpty();
    return scripts.stream()
        .filter(script -> root.relativize(script).toString().contains(part))
        .map(script -> node(root.relativize(script).toString(), script));
  }

  private static DynamicNode node(String name, Path script) {
    return dynamicTest(name, () -> runAlike(script));
  }

  private static void runAlike(Path script) throws IOException {
    Path folder = Files.createTempDirectory("varve-parity").toRealPath();
    try {
      ParityRun run = new ParityRun(Script.parse(Files.readAllLines(script)), folder);
      List<String> differences = new ArrayList<>();
      for (ParityRun.Mixture mixture : ParityRun.Mixture.values()) {
        differences.addAll(run.differences(mixture));
      }
      assertThat(String.join("\n\n", differences)).isEmpty();
    } finally {
      delete(folder);
    }
  }

  private static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException failure)
              throws IOException {
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
