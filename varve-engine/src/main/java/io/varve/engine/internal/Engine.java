// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.Clones;
import io.varve.engine.Diffs;
import io.varve.engine.DiskData;
import io.varve.engine.Disks;
import io.varve.engine.EngineConfig;
import io.varve.engine.Jobs;
import io.varve.engine.Pools;
import io.varve.engine.Snapshots;
import io.varve.engine.Space;
import io.varve.engine.Upkeep;
import io.varve.engine.Varve;

/// The engine behind the facade.
public final class Engine implements Varve {
  private final Context context;
  private final Pools pools;
  private final Disks disks;
  private final Snapshots snapshots;
  private final Clones clones;
  private final DiskData data;
  private final Diffs diffs;
  private final Upkeep upkeep;
  private final Jobs jobs;
  private final Space space;

  private Engine(Context context) {
    Parts parts = Parts.of(context);
    this.context = context;
    this.pools = new PoolsImpl(parts);
    this.disks = new DisksImpl(parts);
    this.snapshots = new SnapshotsImpl(parts);
    this.clones = new ClonesImpl(parts);
    this.data = new DataImpl(parts);
    this.diffs = new DiffsImpl(parts);
    this.upkeep = new UpkeepImpl(parts);
    this.jobs = new JobsImpl(parts);
    this.space = new SpaceImpl(parts);
  }

  /// See [Varve#open].
  public static Varve open(EngineConfig config) {
    return new Engine(new Context(config));
  }

  @Override
  public Pools pools() {
    return pools;
  }

  @Override
  public Disks disks() {
    return disks;
  }

  @Override
  public Snapshots snapshots() {
    return snapshots;
  }

  @Override
  public Clones clones() {
    return clones;
  }

  @Override
  public DiskData data() {
    return data;
  }

  @Override
  public Jobs jobs() {
    return jobs;
  }

  @Override
  public Space space() {
    return space;
  }

  @Override
  public Diffs diffs() {
    return diffs;
  }

  @Override
  public Upkeep upkeep() {
    return upkeep;
  }

  @Override
  public void close() {
    context.catalog().close();
  }
}
