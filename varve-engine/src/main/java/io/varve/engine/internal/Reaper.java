// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.CollectOutcome;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DeleteOutcome.How;
import io.varve.engine.model.NodeRole;
import io.varve.image.ImageInUseException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Deletes storage snapshots, and collects retired layers; [Fates] says which becomes what. It
/// moves no data: what has to be merged is left to jobs. So a delete is always accepted, and
/// returns at once.
final class Reaper {
  private final Context context;
  private final RemoveLayer remove;
  private final RetireLayer retire;
  private final MergeQueue queue;

  Reaper(Context context, RemoveLayer remove, RetireLayer retire, MergeQueue queue) {
    this.context = context;
    this.remove = remove;
    this.retire = retire;
    this.queue = queue;
  }

  /// What was done at once.
  ///
  /// @param kept retired layers that stay
  /// @param jobs that merge others
  record Collected(int removed, long freedBytes, int kept, List<UUID> jobs, List<String> notes) {}

  /// Deletes storage snapshots of one family, under its lock, and removes what nobody reads then.
  DeleteOutcome delete(PoolSite site, UUID family, List<SnapshotRow> names, List<String> shown)
      throws IOException {
    List<String> notes = new ArrayList<>();
    long freed = 0;
    int removed = 0;
    Long gone = names.size() == 1 ? removeLeaf(site, names.getFirst(), notes) : null;
    if (gone != null) {
      freed = gone;
      removed = 1;
    } else if (!retire.retire(site, family, names, shown)) {
      notes.add("a file could not be marked as retired while another program has it open");
    }
    Collected collected = collect(site, family, false);
    notes.addAll(collected.notes());
    Set<UUID> layers = new HashSet<>(names.stream().map(SnapshotRow::layer).toList());
    List<LayerRow> left =
        context.read(tx -> tx.layersOfFamily(family)).stream()
            .filter(row -> layers.contains(row.id()))
            .toList();
    Set<UUID> own = jobsOf(site, family, layers);
    Set<UUID> jobs = new LinkedHashSet<>(own);
    jobs.addAll(collected.jobs());
    keptNotes(left, family, notes);
    How how = left.isEmpty() ? How.REMOVED : own.isEmpty() ? How.RETIRED : How.QUEUED;
    int others = removed + collected.removed() - (layers.size() - left.size());
    return new DeleteOutcome(
        how, freed + collected.freedBytes(), 0, 0, 0, true, others, List.copyOf(jobs), notes);
  }

  /// The quick way for one layer that nobody reads; null if that is not so.
  private @Nullable Long removeLeaf(PoolSite site, SnapshotRow name, List<String> notes)
      throws IOException {
    LayerRow layer = context.read(tx -> Layers.require(tx, name.layer()));
    if (!context.read(tx -> tx.children(layer.id())).isEmpty()) {
      return null;
    }
    try {
      return remove.remove(site, layer, name.id());
    } catch (ImageInUseException e) {
      notes.add("kept as a retired layer for now: " + e.getMessage());
      return null;
    }
  }

  private void keptNotes(List<LayerRow> left, UUID family, List<String> notes) {
    Fates fates =
        context.read(tx -> Fates.of(tx.layersOfFamily(family), Set.of(), Set.of(), false));
    for (LayerRow row : left) {
      int readers = fates.readers(row.id()).size();
      if (readers > 1) {
        notes.add("kept as a retired layer: " + readers + " nodes read it");
      }
    }
  }

  /// Jobs that were made for one of these layers and have not ended.
  private Set<UUID> jobsOf(PoolSite site, UUID family, Set<UUID> layers) {
    return context.read(tx -> tx.jobsOfFamily(site.row().id(), family)).stream()
        .filter(job -> job.kind().equals(MergeJob.NAME) && !job.state().ended())
        .filter(job -> {
          Set<UUID> own = MergeQueue.layers(Args.decode(job.args()));
          return runOf(family, own).stream().anyMatch(layers::contains);
        })
        .map(JobRow::id)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /// A job merges the whole run that one of its layers is in.
  private Set<UUID> runOf(UUID family, Set<UUID> layers) {
    Set<UUID> all = new HashSet<>(layers);
    context.read(tx -> Fates.of(tx.layersOfFamily(family), Set.of(), layers, false)).runs().stream()
        .filter(run -> run.holds(layers))
        .forEach(run -> run.gone().forEach(row -> all.add(row.id())));
    return all;
  }

  /// Deals with the retired layers of a family, under its lock.
  ///
  /// @param anew the user asked for it: merges into nodes of other disks too, and tries again what
  ///   failed or was cancelled
  Collected collect(PoolSite site, UUID family, boolean anew) throws IOException {
    List<String> notes = new ArrayList<>();
    int removed = 0;
    long freed = 0;
    Set<UUID> inUse = new HashSet<>();
    for (LayerRow row = unread(family, inUse); row != null; row = unread(family, inUse)) {
      try {
        freed += remove.remove(site, row, null);
        removed++;
      } catch (ImageInUseException e) {
        inUse.add(row.id());
        notes.add("retired layer " + row.id() + " is kept for now: " + e.getMessage());
      }
    }
    List<UUID> jobs = context.read(tx -> queue.ensure(tx, site.row().id(), family, Map.of(), anew));
    List<LayerRow> retired =
        context.read(tx -> tx.layersOfFamily(family)).stream()
            .filter(row -> row.role() == NodeRole.RETIRED)
            .toList();
    if (anew) {
      for (LayerRow row : retired) {
        // Whoever kept the file from saying so when its name went may be gone by now.
        RetireLayer.mark(context, site, family, row.id());
      }
    }
    return new Collected(removed, freed, retired.size(), jobs, notes);
  }

  /// Removes what nobody reads, under the family's lock; returns the bytes freed.
  long removeUnread(PoolSite site, UUID family) throws IOException {
    long freed = 0;
    for (LayerRow row = unread(family, Set.of()); row != null; row = unread(family, Set.of())) {
      freed += remove.remove(site, row, null);
    }
    return freed;
  }

  private @Nullable LayerRow unread(UUID family, Set<UUID> except) {
    return context
        .read(tx -> Fates.of(tx.layersOfFamily(family), Set.of(), Set.of(), false))
        .removed()
        .stream()
        .filter(row -> !except.contains(row.id()))
        .filter(row -> context.read(tx -> tx.children(row.id())).isEmpty())
        .findFirst()
        .orElse(null);
  }

  static CollectOutcome outcome(Collected at) {
    return new CollectOutcome(at.removed(), at.freedBytes(), 0, at.kept(), at.notes());
  }
}
