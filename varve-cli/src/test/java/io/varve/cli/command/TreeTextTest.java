// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.Terminal;
import io.varve.engine.model.SnapshotTree;
import io.varve.engine.model.TreeNode;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class TreeTextTest {
  private static final List<TreeNode> NODES =
      List.of(
          Views.snapshot("monday", null, 3),
          Views.snapshot("tuesday", "monday", 1),
          Views.here("tuesday"),
          Views.snapshot("plan-b", "monday", 0),
          Views.clone("desk", "monday"));

  private static Session session(boolean unicode) {
    Root root =
        new Root(
            new Terminal(
                InputStream.nullInputStream(),
                new ByteArrayOutputStream(),
                new ByteArrayOutputStream(),
                Terminal.Tty.NONE,
                unicode ? Map.of("LANG", "C.UTF-8") : Map.of()));
    root.exact = true;
    return Session.of(new CommandLine(root).getCommandSpec());
  }

  private static SnapshotTree tree(List<TreeNode> nodes) {
    return new SnapshotTree(Views.disk("shop", 3, "tuesday"), nodes, true);
  }

  private static String drawn(boolean unicode, List<TreeNode> nodes) {
    return String.join(
            "\n", new TreeText(session(unicode), false, Accounts.NONE).forPeople(tree(nodes)))
        + "\n";
  }

  @Test
  void drawsTheTreeUpToWhereYouAre() {
    assertThat(drawn(true, NODES))
        .isEqualTo(
            """
            main/shop             KIND     TAKEN                    DATA   INDEX  ON HOST
            @monday               storage  2026-03-01T10:20:30Z  1048576  196608  1245184
            ├─ @tuesday           storage  2026-03-01T10:20:30Z  1048576  196608  1245184
            │  └─ ● you are here  active                            4096   65536    69632
            ├─ @plan-b            storage  2026-03-01T10:20:30Z  1048576  196608  1245184
            └─ clone desk         clone                          1048576  196608  1245184
            """);
  }

  @Test
  void drawsInAsciiForOtherLocales() {
    assertThat(drawn(false, NODES)).contains("|  `- * you are here").contains("`- clone desk");
  }

  @Test
  void namesADeletedLayerByItsReaders() {
    List<TreeNode> nodes =
        List.of(Views.retired("old", null, 2), Views.here("old"), Views.clone("desk", "old"));
    assertThat(drawn(true, nodes)).contains("(deleted, still read by 2)").contains("retired");
  }

  @Test
  void drawsManyClonesAsOneLine() {
    List<TreeNode> nodes = new ArrayList<>(List.of(Views.snapshot("monday", null, 101)));
    nodes.add(Views.here("monday"));
    for (int i = 1; i <= 100; i++) {
      nodes.add(Views.clone("desk-%03d".formatted(i), "monday"));
    }
    assertThat(drawn(true, nodes).lines())
        .hasSize(4)
        .last()
        .asString()
        .startsWith("└─ 100 clones: desk-001 to desk-100")
        .contains("104857600");
    assertThat(new TreeText(session(true), true, Accounts.NONE).forPeople(tree(nodes)))
        .hasSize(103);
  }

  @Test
  void givesScriptsOneLineANode() {
    assertThat(new TreeText(session(true), false, Accounts.NONE).forScripts(tree(NODES)))
        .hasSize(5)
        .startsWith(
            "main/shop\tmonday\t-\tstorage\tsnapshot\t2026-03-01T10:20:30Z\t1048576\t196608"
                + "\t1245184\t-\t-\t-")
        .contains(
            "main/shop\t-\ttuesday\t-\there\t2026-03-01T10:20:30Z\t4096\t65536\t69632\t-\t-\t-");
  }
}
