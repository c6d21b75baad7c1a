// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.varve.cli.text.Table.Column;
import org.junit.jupiter.api.Test;

class TableTest {
  private final Table table =
      new Table(Column.left("NAME"), Column.right("SIZE"), Column.left("PATH"))
          .row("a", 5, "/srv/a")
          .row("längst", "1.5 KiB", "");

  @Test
  void alignsColumnsForPeople() {
    assertThat(String.join("\n", table.forPeople("  ")))
        .isEqualTo(
            """
            NAME       SIZE  PATH
            a             5  /srv/a
            längst  1.5 KiB\
            """
                .indent(2)
                .stripTrailing());
  }

  @Test
  void separatesByTabsForScripts() {
    assertThat(table.forScripts()).containsExactly("a\t5\t/srv/a", "längst\t1.5 KiB\t");
  }

  @Test
  void leavesOutAHeadingWithoutWords() {
    assertThat(new Table(Column.left(""), Column.left("")).row("kind", "virtual").forPeople(""))
        .containsExactly("kind  virtual");
  }

  @Test
  void refusesARowOfAnotherWidth() {
    assertThatIllegalArgumentException().isThrownBy(() -> table.row("a", 1));
  }
}
