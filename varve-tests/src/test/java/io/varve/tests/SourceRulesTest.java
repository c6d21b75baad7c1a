// SPDX-License-Identifier: Apache-2.0
package io.varve.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/// Rules of the house that hold for the text of every Java file.
class SourceRulesTest {
  private static final int LONGEST = 600;

  @Test
  void findsTheSources() {
    assertThat(Checkout.javaFiles())
        .anyMatch(file -> file.endsWith("io/varve/tests/SourceRulesTest.java"))
        .anyMatch(file -> file.endsWith("varve-image/src/main/java/module-info.java"));
  }

  @Test
  void everyFileBeginsWithItsLicence() {
    assertThat(
            filesWhere(lines ->
                lines.isEmpty()
                    || !lines.getFirst().equals("// SPDX-License-Identifier: Apache-2.0")))
        .as("Java files whose first line is not the SPDX header")
        .isEmpty();
  }

  @Test
  void noFileIsTooLong() {
    assertThat(filesWhere(lines -> lines.size() > LONGEST))
        .as("Java files of more than %d lines", LONGEST)
        .isEmpty();
  }

  private static List<Path> filesWhere(Predicate<List<String>> breaksTheRule) {
    return Checkout.javaFiles().stream()
        .filter(file -> breaksTheRule.test(linesOf(file)))
        .map(file -> Checkout.root().relativize(file))
        .sorted()
        .toList();
  }

  private static List<String> linesOf(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
