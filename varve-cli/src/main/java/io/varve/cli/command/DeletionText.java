// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Count;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import java.util.ArrayList;
import java.util.List;

/// What a delete did, in words: which of the ways it took, and where the space went.
final class DeletionText {
  private DeletionText() {}

  static List<String> lines(Session session, String what, DeleteOutcome outcome) {
    List<String> lines = new ArrayList<>();
    lines.add(what + ": " + how(session, outcome));
    if (outcome.collected() > 0) {
      lines.add("  %s went with it".formatted(Count.of(outcome.collected(), "retired layer")));
    }
    outcome.notes().forEach(note -> lines.add("  " + note));
    return lines;
  }

  /// Jobs that the text of the deletions does not cover: those not done, and those of others.
  static List<JobView> worthALine(List<DeleteOutcome> outcomes, List<JobView> jobs) {
    return jobs.stream()
        .filter(job ->
            job.state() != JobState.DONE
                || outcomes.stream().noneMatch(outcome -> outcome.jobs().contains(job.id())))
        .toList();
  }

  private static String how(Session session, DeleteOutcome outcome) {
    String freed = session.size(outcome.freedBytes());
    return switch (outcome.how()) {
      case REMOVED ->
          "deleted; %s freed, %s moved"
              .formatted(
                  freed,
                  outcome.movedBytes() == 0 ? "nothing" : session.size(outcome.movedBytes()));
      case MERGED ->
          "deleted; merged into what stood on it: %s moved, %s freed"
              .formatted(session.size(outcome.movedBytes()), freed);
      case QUEUED -> "deleted by name; a job moves its data into what stands on it";
      case RETIRED -> "deleted by name; its layer stays while others read it";
      case FREED_IN_FILE -> inFile(session, outcome);
    };
  }

  /// The described platform's case: on a store without holes only the index goes.
  private static String inFile(Session session, DeleteOutcome outcome) {
    String clusters = session.size(outcome.freedInFileBytes());
    return outcome.storeCanPunch()
        ? "deleted; %s freed inside the file, %s of it given back to the store"
            .formatted(clusters, session.size(outcome.punchedBytes()))
        : "deleted; %s freed inside the file; this store cannot punch holes, so they wait there for reuse"
            .formatted(clusters);
  }
}
