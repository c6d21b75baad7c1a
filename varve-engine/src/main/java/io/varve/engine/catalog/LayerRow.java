// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import io.varve.engine.model.NodeRole;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A layer: one file of a chain.
///
/// @param family as of [DiskRow#family()]
/// @param disk that it was made for; may be gone while the layer is retired
/// @param parent the layer beneath, or null for a root
/// @param file name inside the pool's layer folder, or an absolute path on external storage
/// @param createdMillis since the epoch
/// @param frozenMillis since the epoch, 0 while it takes writes
/// @param version for compare-and-set: the one read; 0 for a new row
public record LayerRow(
    UUID id,
    UUID pool,
    UUID family,
    UUID disk,
    @Nullable UUID parent,
    NodeRole role,
    String file,
    long createdMillis,
    long frozenMillis,
    long version) {
  public LayerRow withRole(NodeRole newRole, long frozenAt) {
    return new LayerRow(
        id, pool, family, disk, parent, newRole, file, createdMillis, frozenAt, version);
  }

  public LayerRow withParent(@Nullable UUID newParent) {
    return new LayerRow(
        id, pool, family, disk, newParent, role, file, createdMillis, frozenMillis, version);
  }

  public LayerRow withFamily(UUID newFamily) {
    return new LayerRow(
        id, pool, newFamily, disk, parent, role, file, createdMillis, frozenMillis, version);
  }
}
