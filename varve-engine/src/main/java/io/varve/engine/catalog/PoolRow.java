// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import io.varve.engine.model.PoolKind;
import io.varve.engine.model.QuorumProfile;
import java.util.UUID;

/// A pool.
///
/// @param path absolute
/// @param version for compare-and-set: the one read; 0 for a new row
public record PoolRow(
    UUID id, String name, String path, PoolKind kind, QuorumProfile profile, long version) {
  public PoolRow withPath(String newPath) {
    return new PoolRow(id, name, newPath, kind, profile, version);
  }

  public PoolRow withProfile(QuorumProfile newProfile) {
    return new PoolRow(id, name, path, kind, newProfile, version);
  }
}
