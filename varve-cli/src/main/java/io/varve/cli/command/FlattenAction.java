// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Count;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.FlattenPreview;
import io.varve.engine.model.JobView;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Makes a fast clone stand alone.
@Command(
    name = "flatten",
    description = {
      "Makes a fast clone stand alone: copies what it reads from layers of other disks into its",
      "own, and cuts it loose. It reads the same at every moment; other clones of the same",
      "snapshot, and the disk that it came from, go on meanwhile, and a VM may read it. A clone",
      "whose active layer has to be filled in must not be written by a VM meanwhile: the job",
      "waits. What nobody reads afterwards is freed. The work is a job that survives a crash; it",
      "is run at once unless --background leaves it to 'varve job run'.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  varve clone flatten desk-007 --dry-run       bytes to be moved and freed",
      "  varve clone flatten desk-007",
    })
final class FlattenAction extends Action {
  @Parameters(index = "0", paramLabel = "DISK")
  String disk = "";

  @Option(
      names = {"-n", "--dry-run"},
      description = "changes nothing; tells what would be moved and freed")
  boolean dryRun;

  @Option(
      names = {"--background", "--no-wait"},
      description = "returns once the job is queued, for 'varve job run'")
  boolean background;

  @Override
  void run(Session session) {
    DiskAddress address = DiskAddress.parseDisk(disk);
    FlattenPreview preview = session.varve().clones().previewFlatten(address);
    List<String> lines = new ArrayList<>();
    if (!dryRun) {
      UUID id = session.varve().clones().flatten(address);
      JobView job =
          background
              ? session.varve().jobs().show(id.toString())
              : session.varve().jobs().run(id.toString());
      lines.addAll(LeftJobs.lines(session, List.of(job)));
    }
    lines.addFirst(
        "disk %s: reads %s of other disks; %s to be moved, %s to be freed"
            .formatted(
                preview.disk(),
                Count.of(preview.layers(), "layer"),
                session.size(preview.movedBytes()),
                session.size(preview.freedBytes())));
    session.answer(
        Shapes.shape()
            .with("disk", preview.disk())
            .with("layers", preview.layers())
            .with("movedBytes", preview.movedBytes())
            .with("grownBytes", preview.grownBytes())
            .with("freedBytes", preview.freedBytes()),
        lines);
  }
}
