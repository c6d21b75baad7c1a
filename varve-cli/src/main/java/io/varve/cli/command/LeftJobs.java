// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeleteOutcome.How;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/// What a verb of the command line does with the jobs that it leaves: it runs them, and any that
/// are left over in the same pool, unless the user wants it to return at once.
final class LeftJobs {
  private LeftJobs() {}

  /// Runs what is ready in the pool. Returns the jobs that were run, or, in the background, those
  /// that are left.
  static List<JobView> run(Session session, String pool, boolean background) {
    return background
        ? session.varve().jobs().list(pool, false)
        : session.varve().jobs().runAll(pool);
  }

  static List<String> lines(Session session, List<JobView> jobs) {
    List<String> lines = new ArrayList<>();
    for (JobView job : jobs) {
      lines.add("  " + JobText.line(session, job));
    }
    return lines;
  }

  /// What a delete came to with its jobs: a merge, where all of them are done.
  static DeleteOutcome with(DeleteOutcome outcome, List<JobView> jobs) {
    Set<UUID> own = new HashSet<>(outcome.jobs());
    long moved = 0;
    long freed = 0;
    for (JobView job : jobs) {
      if (own.contains(job.id()) && job.state() == JobState.DONE) {
        own.remove(job.id());
        moved += job.doneBytes();
        freed += job.freedBytes();
      }
    }
    boolean merged = outcome.how() == How.QUEUED && own.isEmpty();
    return new DeleteOutcome(
        merged ? How.MERGED : outcome.how(),
        outcome.freedBytes() + freed,
        outcome.movedBytes() + moved,
        outcome.freedInFileBytes(),
        outcome.punchedBytes(),
        outcome.storeCanPunch(),
        outcome.collected(),
        outcome.jobs(),
        outcome.notes());
  }
}
