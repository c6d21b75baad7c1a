// SPDX-License-Identifier: Apache-2.0

/// Pools, disks, VMs, snapshots, clones, policy, jobs; declares the port of the catalog.
@org.jspecify.annotations.NullMarked
module io.varve.engine {
  requires static transitive org.jspecify;
  requires transitive io.varve.image;

  exports io.varve.engine;
  exports io.varve.engine.catalog;
  exports io.varve.engine.model;
  exports io.varve.engine.policy;
}
