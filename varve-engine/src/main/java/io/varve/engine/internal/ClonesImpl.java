// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.Clones;
import io.varve.engine.DiskAddress;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.Names;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.FlattenPreview;
import io.varve.engine.model.SnapshotKind;
import io.varve.engine.policy.Verb;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The verbs that make disks from disks.
final class ClonesImpl implements Clones {
  /// Names of snapshots that are taken for clones begin so.
  static final String AUTOMATIC_PREFIX = "clone-";

  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);
  private static final int LONGEST_NAME = 63;

  private final Parts parts;
  private final CopySource copies;

  ClonesImpl(Parts parts) {
    this.parts = parts;
    this.copies = new CopySource(parts.context());
  }

  @Override
  public CloneOutcome fast(DiskAddress source, String newName) {
    return fast(source, List.of(newName)).getFirst();
  }

  @Override
  public List<CloneOutcome> fast(DiskAddress source, List<String> newNames) {
    if (newNames.isEmpty()) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST, "no name for the new disk", "Give at least one.");
    }
    newNames.forEach(name -> Names.check("disk", name));
    return parts.verbs().onDisk(source, found -> fast(found, source, newNames));
  }

  private List<CloneOutcome> fast(Resolver.Found found, DiskAddress source, List<String> names)
      throws IOException {
    Policy.require(parts.context(), found.site(), Verb.FAST_CLONE);
    parts.cloneLinked().requireFree(found.site(), names);
    boolean taken = source.snapshot() == null;
    String snapshot = taken ? takeFor(found, names.getFirst()) : requireStorage(found, source);
    SnapshotRow row =
        parts.resolver().storageSnapshot(found.disk(), source.diskOnly().at(snapshot));
    LayerRow base = parts.context().read(tx -> Layers.require(tx, row.layer()));
    List<UUID> disks = parts.cloneLinked().make(found.site(), base, names);
    String from = found.address() + "@" + snapshot;
    return parts.diskViews().ofNew(found.site(), base.family(), disks).stream()
        .map(view -> new CloneOutcome(view, from, taken, 0, 0, 0))
        .toList();
  }

  private String takeFor(Resolver.Found found, String clone) throws IOException {
    Instant now = parts.context().config().clock().instant();
    String stem = AUTOMATIC_PREFIX + clone;
    String stamp = "-" + STAMP.format(now);
    String cut = stem.substring(0, Math.min(stem.length(), LONGEST_NAME - stamp.length() - 4));
    String name = cut + stamp;
    for (int i = 2; isTaken(found, name); i++) {
      name = cut + stamp + "-" + i;
    }
    parts.takeSnapshot().take(found, name, true);
    return name;
  }

  private boolean isTaken(Resolver.Found found, String name) {
    return parts.context().read(tx -> tx.snapshot(found.disk().id(), name)).isPresent();
  }

  private String requireStorage(Resolver.Found found, DiskAddress source) {
    SnapshotRow row = parts.resolver().storageSnapshot(found.disk(), source);
    if (row.kind() != SnapshotKind.STORAGE) {
      throw new RefusedException(
          ProblemCode.NOT_ALLOWED_HERE,
          "'" + source + "' is a compute snapshot: no overlay can be laid on it",
          "Make a full clone of it.");
    }
    return row.name();
  }

  @Override
  public CloneOutcome full(DiskAddress source, String newName, @Nullable String targetPool) {
    Names.check("disk", newName);
    return Problems.guard(() -> {
      try (Sources.Opened from = open(source)) {
        Resolver.Found found = parts.resolver().disk(source);
        PoolSite target = targetPool == null ? found.site() : parts.resolver().pool(targetPool);
        Policy.require(parts.context(), target, Verb.FULL_CLONE);
        return full(from, source, found, newName, target);
      }
    });
  }

  private Sources.Opened open(DiskAddress source) {
    return parts
        .verbs()
        .opening(
            source, found -> parts.sources().open(found, source, false, UnaryOperator.identity()));
  }

  private CloneOutcome full(
      Sources.Opened from,
      DiskAddress source,
      Resolver.Found found,
      String newName,
      PoolSite target)
      throws IOException {
    target.requirePresent();
    MakeDisk.Plan plan = parts.makeDisk().plan(target, newName, false);
    CopySource.Copied copied =
        parts
            .verbs()
            .inPool(
                target,
                plan.disk(),
                () ->
                    parts
                        .makeDisk()
                        .make(plan, copies.toDisk(from.chain(), from.owner().top(), "clone")));
    String snapshot = source.snapshot() == null ? "" : found.address() + "@" + source.snapshot();
    return copied.outcome(
        parts.diskViews().of(parts.resolver().again(plan.disk(), source)), snapshot);
  }

  @Override
  public FlattenPreview previewFlatten(DiskAddress disk) {
    return parts.verbs().opening(disk.diskOnly(), found -> parts.flatten().preview(found));
  }

  @Override
  public UUID flatten(DiskAddress disk) {
    return parts
        .verbs()
        .onDisk(
            disk.diskOnly(),
            found -> {
              DiskRow row = found.disk();
              FlattenPlan plan = parts.context().read(tx -> FlattenPlan.of(tx, row));
              FlattenJob.requireNoneInside(found.site(), plan);
              return parts.context().read(tx -> queueFlatten(tx, found, row));
            });
  }

  private UUID queueFlatten(CatalogTx tx, Resolver.Found found, DiskRow disk) {
    String args = FlattenJob.args(disk).encode();
    for (JobRow job : tx.jobsOfFamily(disk.pool(), disk.family())) {
      if (FlattenJob.isFor(job, disk)) {
        return job.id();
      }
    }
    JobRow job =
        JobRow.queued(
            parts.context().newId(),
            disk.pool(),
            disk.family(),
            FlattenJob.NAME,
            found.address(),
            args,
            parts.context().now());
    tx.insert(job);
    return job.id();
  }
}
