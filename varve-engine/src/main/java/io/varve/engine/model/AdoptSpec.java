// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.nio.file.Path;
import java.util.List;

/// Chains to take into a pool.
///
/// @param disks the disks to make: those that share a base must come together
/// @param bases files of the chains that lie in another folder than what stands on them; names
///   inside images lead nowhere else
/// @param snapshots names for the frozen files, the lowest first; empty to name them after their
///   files
/// @param copy leave the files where they are and take copies
/// @param dryRun only say what would be done
public record AdoptSpec(
    String pool,
    List<Top> disks,
    List<Path> bases,
    List<String> snapshots,
    boolean copy,
    boolean dryRun) {

  /// A disk to make.
  ///
  /// @param file that the VM opens: the newest of the chain
  public record Top(String name, Path file) {}
}
