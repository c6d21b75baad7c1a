// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.bench.CloneBench;
import io.varve.cli.bench.Machine;
import io.varve.cli.bench.RowSnapshotBench;
import io.varve.cli.io.Folders;
import io.varve.cli.io.Tool;
import io.varve.engine.ProgressListener;
import io.varve.engine.Varve;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures what the documents claim; for developers.
@Command(
    name = "bench",
    hidden = true,
    description = {
      "Measures what a storage snapshot takes on a disk of 1 GiB and on one of 1 TiB, in turn.",
      "Both have 1024 clusters of data spread over their whole length. With --clones: what so many",
      "fast clones of one snapshot take. Prints Markdown.",
    })
final class BenchAction extends Action {
  @Option(names = "--rounds", paramLabel = "N", defaultValue = "31", description = "snapshots each")
  int rounds;

  @Option(names = "--clones", paramLabel = "N", description = "measures fast clones, N in one go")
  int clones;

  @Option(names = "--dir", paramLabel = "DIR", description = "works in a new folder in DIR")
  @Nullable Path dir;

  @Override
  void run(Session session) throws Exception {
    Path folder =
        dir == null
            ? Files.createTempDirectory("varve-bench-")
            : Files.createTempDirectory(dir, "varve-bench-");
    Optional<Path> qemuImg =
        Tool.find("qemu-img", session.terminal().variable("PATH")).map(Tool::program);
    try (Varve varve =
        EngineStart.open(folder.resolve("home"), session.terminal(), ProgressListener.NONE)) {
      List<String> lines =
          clones > 0
              ? new CloneBench(varve, folder, qemuImg).run(clones, rounds)
              : new RowSnapshotBench(varve, folder, qemuImg).run(rounds);
      session.answer(Shapes.list("lines", lines), lines);
      session.also(List.of("", Machine.describe(folder) + "."));
    } finally {
      Folders.delete(folder);
    }
  }
}
