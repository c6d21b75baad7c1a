// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.catalog.Catalog;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.UUID;
import java.util.function.Supplier;

/// What an engine is made of.
///
/// @param home folder of the catalog and of the locks of external pools; must exist
/// @param catalog closed with the engine
/// @param clock times of snapshots, disks and layers
/// @param zone of the hours in which jobs may run
/// @param ids new identities
/// @param progress hears long verbs
/// @param lockWait how long a verb waits for another Varve before it says busy
/// @param pause lets time pass while waiting
/// @param steps called before each journaled step
public record EngineConfig(
    Path home,
    Catalog catalog,
    InstantSource clock,
    ZoneId zone,
    Supplier<UUID> ids,
    ProgressListener progress,
    Duration lockWait,
    Pause pause,
    StepHook steps) {

  /// The settings of a program: the system's clock, random identities, a wait of five seconds.
  public static EngineConfig of(Path home, Catalog catalog) {
    return new EngineConfig(
        home,
        catalog,
        InstantSource.system(),
        ZoneId.systemDefault(),
        UUID::randomUUID,
        ProgressListener.NONE,
        Duration.ofSeconds(5),
        Pause.REAL,
        StepHook.NONE);
  }

  public EngineConfig withProgress(ProgressListener listener) {
    return new EngineConfig(home, catalog, clock, zone, ids, listener, lockWait, pause, steps);
  }

  public EngineConfig withClock(InstantSource source) {
    return new EngineConfig(home, catalog, source, zone, ids, progress, lockWait, pause, steps);
  }

  public EngineConfig withIds(Supplier<UUID> source) {
    return new EngineConfig(home, catalog, clock, zone, source, progress, lockWait, pause, steps);
  }

  public EngineConfig withLockWait(Duration wait) {
    return new EngineConfig(home, catalog, clock, zone, ids, progress, wait, pause, steps);
  }

  public EngineConfig withSteps(StepHook hook) {
    return new EngineConfig(home, catalog, clock, zone, ids, progress, lockWait, pause, hook);
  }

  public EngineConfig withZone(ZoneId of) {
    return new EngineConfig(home, catalog, clock, of, ids, progress, lockWait, pause, steps);
  }

  public EngineConfig withPause(Pause how) {
    return new EngineConfig(home, catalog, clock, zone, ids, progress, lockWait, how, steps);
  }
}
