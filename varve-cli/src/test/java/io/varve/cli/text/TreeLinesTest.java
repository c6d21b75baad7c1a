// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TreeLinesTest {
  private static final Map<String, List<String>> CHILDREN =
      Map.of("a", List.of("b", "e"), "b", List.of("c", "d"), "e", List.of("f"));

  private static String drawn(boolean unicode) {
    StringBuilder text = new StringBuilder();
    for (TreeLines.Line<String> line :
        new TreeLines(unicode).of(List.of("a", "z"), n -> CHILDREN.getOrDefault(n, List.of()))) {
      text.append(line.marks()).append(line.node()).append('\n');
    }
    return text.toString();
  }

  @Test
  void drawsWithBoxCharacters() {
    assertThat(drawn(true))
        .isEqualTo(
            """
            a
            ├─ b
            │  ├─ c
            │  └─ d
            └─ e
               └─ f
            z
            """);
  }

  @Test
  void drawsInAsciiWhereTheLocaleHasNoMore() {
    assertThat(drawn(false))
        .isEqualTo(
            """
            a
            |- b
            |  |- c
            |  `- d
            `- e
               `- f
            z
            """);
  }

  @Test
  void writesTheDepthAsANumberWhereMarksWouldRunOffTheScreen() {
    List<TreeLines.Line<Integer>> lines =
        new TreeLines(true).of(List.of(0), n -> n < 5000 ? List.of(n + 1) : List.of());
    assertThat(lines).hasSize(5001);
    assertThat(lines.get(12).marks()).hasSize(36).endsWith("└─ ");
    assertThat(lines.get(13).marks()).isEqualTo("(13) ");
    assertThat(lines.getLast().marks()).isEqualTo("(5000) ");
  }
}
