// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Count;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeletePreview;
import io.varve.engine.model.JobView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve snapshot delete`.
@Command(
    name = "delete",
    aliases = "rm",
    description = {
      "Deletes snapshots; always accepted. The names go at once. If nothing stands on a snapshot,"
          + " its",
      "file goes with it. If one layer does, a job makes the two one, in the direction that moves",
      "fewer bytes, while the disk stays in use; several snapshots in a row are moved as one. If",
      "several layers do, the file goes when the last but one of them is gone. The job is run at",
      "once unless --background leaves it to 'varve job run'. --dry-run tells what would be freed",
      "and moved, to the byte, and what stands on it. A compute snapshot frees its clusters inside",
      "the image and punches them out where the store can.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  varve snapshot delete shop@clean --dry-run",
      "  varve snapshot delete shop@monday..friday        all from monday up to friday",
      "  varve snapshot delete shop@a shop@c --yes --background",
    })
final class SnapshotDelete extends Action {
  @Parameters(
      arity = "1..*",
      paramLabel = "DISK@NAME",
      description = "or DISK@FROM..TO for all on the way between two")
  List<String> snapshots = List.of();

  @Option(
      names = {"-n", "--dry-run"},
      description = "changes nothing; tells what would be freed and moved")
  boolean dryRun;

  @Option(
      names = {"--background", "--no-wait"},
      description = "returns once the names are gone; jobs are left to 'varve job run'")
  boolean background;

  @Override
  void run(Session session) throws Exception {
    Map<DiskAddress, List<DiskAddress>> byDisk = new LinkedHashMap<>();
    for (DiskAddress address : addresses()) {
      for (DiskAddress one : session.varve().snapshots().select(address)) {
        byDisk.computeIfAbsent(one.diskOnly(), _ -> new ArrayList<>()).add(one);
      }
    }
    List<DeletePreview> previews = new ArrayList<>();
    for (List<DiskAddress> ofOne : byDisk.values()) {
      previews.add(session.varve().snapshots().preview(ofOne));
    }
    if (dryRun) {
      PreviewText.answer(session, previews);
    } else if (session.confirmed(question(previews))) {
      delete(session, byDisk, previews);
    }
  }

  /// `DISK@NAME`, or `DISK NAME`, as different tools have taught people.
  private List<DiskAddress> addresses() {
    if (snapshots.size() == 2 && !snapshots.getFirst().contains("@")) {
      return List.of(SnapshotGroup.address(snapshots.getFirst(), snapshots.getLast()));
    }
    return snapshots.stream().map(DiskAddress::parseSnapshot).toList();
  }

  private static String question(List<DeletePreview> previews) {
    List<String> names = previews.stream().flatMap(p -> p.snapshots().stream()).toList();
    long readers = previews.stream().mapToLong(p -> p.dependents().size()).sum();
    return "Deletes %s.%s"
        .formatted(
            names.size() == 1
                ? "snapshot " + names.getFirst()
                : "the snapshots " + String.join(", ", names),
            readers == 0
                ? ""
                : " What stands on it stays as it is (%s).".formatted(Count.of(readers, "node")));
  }

  private void delete(
      Session session, Map<DiskAddress, List<DiskAddress>> byDisk, List<DeletePreview> previews) {
    List<DeleteOutcome> outcomes = new ArrayList<>();
    List<JobView> jobs = new ArrayList<>();
    for (Map.Entry<DiskAddress, List<DiskAddress>> entry : byDisk.entrySet()) {
      String pool = session.varve().disks().show(entry.getKey()).pool();
      DeleteOutcome outcome = session.varve().snapshots().delete(entry.getValue());
      List<JobView> own = LeftJobs.run(session, pool, background);
      outcomes.add(LeftJobs.with(outcome, own));
      jobs.addAll(own);
    }
    List<String> lines = new ArrayList<>();
    List<Shapes.Shape> shapes = new ArrayList<>();
    for (int i = 0; i < outcomes.size(); i++) {
      String what = String.join(", ", previews.get(i).snapshots());
      lines.addAll(DeletionText.lines(session, what, outcomes.get(i)));
      shapes.add(Shapes.deletion(what, outcomes.get(i)));
    }
    lines.addAll(LeftJobs.lines(session, DeletionText.worthALine(outcomes, jobs)));
    session.answer(
        shapes.size() == 1 ? shapes.getFirst() : Shapes.list("deletions", shapes), lines);
  }
}
