// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.nio.file.Path;

/// A pool to make.
///
/// @param name unique in the catalog
/// @param path a folder (made where missing, for virtual storage), or for external storage a folder
///   or one block device that exists
public record PoolSpec(String name, Path path, PoolKind kind, QuorumProfile profile) {
  public static PoolSpec virtual(String name, Path folder) {
    return new PoolSpec(name, folder, PoolKind.VIRTUAL, QuorumProfile.QUORUM);
  }

  public static PoolSpec external(String name, Path place) {
    return new PoolSpec(name, place, PoolKind.EXTERNAL, QuorumProfile.QUORUM);
  }
}
