// SPDX-License-Identifier: Apache-2.0

/// Pools, disks, VMs, snapshots, clones, policy, jobs; declares the port of the catalog.
@org.jspecify.annotations.NullMarked
module io.varve.engine {
  requires static transitive org.jspecify;
  requires transitive io.varve.image;
}
