// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.nio.file.Path;
import java.util.List;

/// What a rescan found in the files of a pool.
///
/// @param disks brought into the catalog
/// @param snapshots of them, both kinds
/// @param layers files of the pool that belong to a tree
/// @param findings what did not fit, and what became of it
public record RescanReport(
    String pool, int disks, int snapshots, int layers, List<Finding> findings) {

  /// One thing that did not fit.
  ///
  /// @param file it is about
  /// @param problem what is wrong with it
  /// @param cure what was done, or what the user can do
  public record Finding(Path file, String problem, String cure) {}
}
