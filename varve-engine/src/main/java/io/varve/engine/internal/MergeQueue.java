// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.model.JobState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/// Queues a job for each run of retired layers that has none. Can be repeated.
final class MergeQueue {
  private static final String LAYERS = "layers";
  private static final String CLONES = "clones";

  private final Context context;

  MergeQueue(Context context) {
    this.context = context;
  }

  /// Layers that a merge job was made for.
  static Set<UUID> layers(Args args) {
    Set<UUID> ids = new HashSet<>();
    args.list(LAYERS).forEach(id -> ids.add(UUID.fromString(id)));
    return ids;
  }

  /// True if the job may merge any layer into a clone.
  static boolean intoClones(Args args) {
    return args.flag(CLONES);
  }

  /// Returns the jobs that deal with the runs of a family.
  ///
  /// @param explicit layers deleted by name just now, with the names
  /// @param anew the user asked for it: into clones too, and what failed or was cancelled is tried
  ///   again
  List<UUID> ensure(
      CatalogTx tx, UUID pool, UUID family, Map<UUID, String> explicit, boolean anew) {
    List<JobRow> jobs =
        tx.jobsOfFamily(pool, family).stream()
            .filter(job -> job.kind().equals(MergeJob.NAME) && job.state() != JobState.DONE)
            .toList();
    List<UUID> found = new ArrayList<>();
    Fates fates = Fates.of(tx.layersOfFamily(family), Set.of(), explicit.keySet(), anew);
    for (Fates.Run run : fates.runs()) {
      found.add(jobFor(tx, pool, run, jobs, explicit, anew));
    }
    return found;
  }

  private UUID jobFor(
      CatalogTx tx,
      UUID pool,
      Fates.Run run,
      List<JobRow> jobs,
      Map<UUID, String> explicit,
      boolean anew) {
    for (JobRow job : jobs) {
      boolean fits = run.holds(layers(Args.decode(job.args())));
      if (fits && (!anew || !job.state().ended())) {
        return job.id();
      }
    }
    List<UUID> ids = run.gone().stream().map(row -> row.id()).toList();
    JobRow job =
        JobRow.queued(
            context.newId(),
            pool,
            run.top().family(),
            MergeJob.NAME,
            subject(run, explicit),
            new Args().withList(LAYERS, ids).with(CLONES, anew).encode(),
            context.now());
    tx.insert(job);
    return job.id();
  }

  private static String subject(Fates.Run run, Map<UUID, String> names) {
    List<String> known =
        run.gone().reversed().stream()
            .map(row -> names.get(row.id()))
            .filter(Objects::nonNull)
            .toList();
    String first =
        known.isEmpty()
            ? "layer " + run.gone().getFirst().id().toString().substring(0, 8)
            : known.getFirst();
    int more = run.gone().size() - 1;
    return more == 0 ? first : first + " and " + more + " more";
  }
}
