// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.Terminal;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeleteOutcome.How;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class DeletionTextTest {
  private static List<String> lines(DeleteOutcome outcome) {
    Root root =
        new Root(
            new Terminal(
                InputStream.nullInputStream(),
                new ByteArrayOutputStream(),
                new ByteArrayOutputStream(),
                Terminal.Tty.NONE,
                Map.of()));
    Session session = Session.of(new CommandLine(root).getCommandSpec());
    return DeletionText.lines(session, "d@s", outcome);
  }

  @Test
  void saysWhatWasFreedAndWhatWasMoved() {
    assertThat(
            lines(new DeleteOutcome(How.MERGED, 4096, 1024, 0, 0, true, 2, List.of(), List.of())))
        .containsExactly(
            "d@s: deleted; merged into what stood on it: 1 KiB moved, 4 KiB freed",
            "  2 retired layers went with it");
  }

  @Test
  void saysWhatAStoreWithoutHolesDoes() {
    assertThat(
            lines(
                new DeleteOutcome(
                    How.FREED_IN_FILE, 0, 0, 65536, 0, false, 0, List.of(), List.of())))
        .containsExactly(
            "d@s: deleted; 64 KiB freed inside the file; this store cannot punch holes, so they"
                + " wait there for reuse");
  }

  @Test
  void saysWhatWentBackToTheStore() {
    assertThat(
            lines(
                new DeleteOutcome(
                    How.FREED_IN_FILE, 0, 0, 65536, 65536, true, 0, List.of(), List.of())))
        .containsExactly(
            "d@s: deleted; 64 KiB freed inside the file, 64 KiB of it given back to the store");
  }
}
