// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.CollectOutcome;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.PoolView;
import io.varve.engine.model.QuorumProfile;
import io.varve.engine.model.RescanReport;
import java.nio.file.Path;
import java.util.List;

/// Places for disks. Every method may be called from any thread and throws [VarveException].
public interface Pools {
  /// Makes a pool. Virtual storage gets a `varve-pool.json` and a folder `layers`; external storage
  /// is left as it is.
  PoolView create(PoolSpec spec);

  /// All pools by name, without probing their stores ([PoolView#store()] is null).
  List<PoolView> list();

  /// One pool, its store probed with a scratch file that is gone afterwards.
  PoolView show(String name);

  /// Records a host that shares the pool. Adding a member twice changes nothing.
  PoolView addHost(String pool, String host);

  PoolView removeHost(String pool, String host);

  PoolView addWitness(String pool, String witness);

  PoolView removeWitness(String pool, String witness);

  PoolView setProfile(String pool, QuorumProfile profile);

  /// Rebuilds what the catalog knows of a pool from its files alone. Deletes nothing.
  RescanReport rescan(String pool);

  /// The same for the folder of a virtual pool, which the catalog may not know, or may know under
  /// another path (the pool was moved).
  RescanReport rescan(Path folder);

  /// Deletes retired layers that no longer need to be kept; merges those that only one node reads,
  /// also into clones.
  CollectOutcome collect(String pool);

  /// Forgets the pool: the catalog only, every file stays. A rescan brings it back.
  ///
  /// @param withDisks also if it has disks; refused otherwise
  void forget(String pool, boolean withDisks);
}
