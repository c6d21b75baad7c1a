// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.internal.Engine;

/// The engine: pools, disks, snapshots, clones, and the bytes of disks.
///
/// **Threads.** Everything may be called from any thread. Verbs on disks that share layers exclude
/// each other, also between processes; verbs on others run side by side.
///
/// **Crashes.** A verb that was cut short is finished or undone when its disk is next used, also by
/// another process.
public interface Varve extends AutoCloseable {
  Pools pools();

  Disks disks();

  Snapshots snapshots();

  Clones clones();

  DiskData data();

  Diffs diffs();

  Upkeep upkeep();

  Jobs jobs();

  Space space();

  /// Closes the catalog. Sessions that are still open stay usable; their figures are lost.
  @Override
  void close();

  /// Opens an engine on a catalog. Touches no pool.
  static Varve open(EngineConfig config) {
    return Engine.open(config);
  }
}
