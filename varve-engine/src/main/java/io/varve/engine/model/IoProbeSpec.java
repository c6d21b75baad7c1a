// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// The experiment behind the table of what a write costs.
///
/// @param writes guest writes per row
/// @param writeBytes bytes of each, a multiple of 512
/// @param clusterSize of the scratch images, in bytes
/// @param extendedL2 of the scratch images
public record IoProbeSpec(int writes, int writeBytes, int clusterSize, boolean extendedL2) {
  public static final IoProbeSpec DEFAULT =
      new IoProbeSpec(64, 4096, DiskSpec.DEFAULT_CLUSTER_SIZE, false);
}
