// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.JobState;
import io.varve.image.qcow2.format.VarveIdentity;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/// Cuts a branch of a family loose, once its lowest layer needs nothing beneath it: 1. intent, 2.
/// the layer's header names no base any more, 3. the catalog has the branch as a family of its own,
/// called by that layer as a rescan would. Recovery goes on where 2 is done, else nothing has
/// happened.
final class FlattenCut implements JournaledVerb {
  private static final String NAME = "flatten-cut";

  private final Context context;
  private final Journal journal;

  FlattenCut(Context context, Journal journal) {
    this.context = context;
    this.journal = journal;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Under the family's lock. False, having changed nothing, if the tree is another meanwhile.
  ///
  /// @throws JobWaitException if another job is at work on the branch
  boolean cut(PoolSite site, DiskRow disk, FlattenPlan plan, OpenRun run) throws IOException {
    DiskRow now = context.read(tx -> tx.disk(disk.id())).orElse(null);
    if (now == null || !now.family().equals(disk.family())) {
      return false;
    }
    if (!plan.same(context.read(tx -> FlattenPlan.of(tx, now)))) {
      return false;
    }
    requireNoMerge(site, disk.family());
    LayerRow root = plan.run().top();
    return journal.run(
        this,
        site,
        disk.family(),
        new Args().with("root", root.id()),
        intent -> {
          context.step(NAME, "switch");
          VarveIdentity own = LayerFiles.requireLayer(run.keptLayer(), root.id());
          run.keptLayer().setBackingAndIdentity(null, own.withParent(null));
          context.step(NAME, "commit");
          context.write(tx -> commit(tx, intent));
          return true;
        });
  }

  /// A merge that is under way would end in the family where it began.
  private void requireNoMerge(PoolSite site, UUID family) {
    for (JobRow job : context.read(tx -> tx.jobsOfFamily(site.row().id(), family))) {
      if (job.kind().equals(MergeJob.NAME) && job.state() == JobState.RUNNING) {
        throw new JobWaitException("a merge is at work on disks that share its layers");
      }
    }
  }

  private static void commit(CatalogTx tx, Intent intent) {
    UUID root = intent.args().id("root");
    Set<UUID> branch = FlattenPlan.branch(tx.layersOfFamily(intent.family()), root);
    Set<UUID> disks = new HashSet<>();
    for (LayerRow row : tx.layersOfFamily(intent.family())) {
      if (branch.contains(row.id())) {
        LayerRow moved = row.id().equals(root) ? row.withParent(null) : row;
        tx.update(moved.withFamily(root));
        disks.add(row.disk());
      }
    }
    for (DiskRow disk : tx.disksOfFamily(intent.family())) {
      if (disks.contains(disk.id())) {
        tx.update(disk.withFamily(root));
      }
    }
    tx.deleteIntent(intent.id());
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    UUID root = intent.args().id("root");
    boolean cut =
        LayerFiles.identity(site.file(PoolSite.fileName(root)))
            .map(own -> own.parentId() == null)
            .orElse(Boolean.FALSE);
    context.write(tx -> {
      if (cut) {
        commit(tx, intent);
      } else {
        tx.deleteIntent(intent.id());
      }
    });
  }
}
