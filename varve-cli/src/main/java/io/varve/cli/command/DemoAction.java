// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.Terminal;
import io.varve.cli.demo.Demo;
import io.varve.cli.demo.DemoHost;
import io.varve.engine.ProgressListener;
import io.varve.engine.Varve;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The main job on real input.
@Command(
    name = "demo",
    description = {
      "Shows it all at work, in a temporary folder. A real ext4 file system with real files is"
          + " made",
      "into a disk, snapshotted both ways, changed, reverted, branched, cloned a hundred times and",
      "deleted. Prints time and bytes of each step, measured in this run, and the verdicts of",
      "e2fsck, qemu-img check and qemu-img compare. Needs e2fsprogs, no root; takes about half a",
      "minute and 1 GiB of room. Ends with 0 if every verdict is good.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  varve demo",
      "  varve demo --dir /srv/try       keeps everything there to look at",
    })
final class DemoAction extends Action {
  @Option(names = "--dir", paramLabel = "DIR", description = "works in DIR, and leaves it as it is")
  @Nullable Path dir;

  @Option(names = "--keep", description = "leaves the temporary folder to look at")
  boolean keep;

  @Override
  void run(Session session) throws Exception {
    DemoHost host =
        new DemoHost() {
          @Override
          public int run(Terminal terminal, String... arguments) {
            return CommandTree.run(terminal, arguments);
          }

          @Override
          public Varve open(Path home) {
            return EngineStart.open(home, session.terminal(), ProgressListener.NONE);
          }
        };
    session.exitWith(new Demo(host, session.terminal()).run(dir, keep));
  }
}
