// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A disk.
///
/// @param family id that all disks and layers share which hang together through fast clones: what a
///   verb locks
/// @param size bytes that the guest sees
/// @param activeLayer the layer that takes its writes
/// @param computeParent internal id of the compute snapshot that it stands on, or null
/// @param createdMillis since the epoch
/// @param version for compare-and-set: the one read; 0 for a new row
public record DiskRow(
    UUID id,
    UUID pool,
    UUID family,
    String name,
    long size,
    UUID activeLayer,
    @Nullable String computeParent,
    long createdMillis,
    long version) {
  public DiskRow withActive(UUID layer, long newSize) {
    return new DiskRow(
        id, pool, family, name, newSize, layer, computeParent, createdMillis, version);
  }

  public DiskRow withSize(long newSize) {
    return withActive(activeLayer, newSize);
  }

  public DiskRow withComputeParent(@Nullable String internalId) {
    return new DiskRow(
        id, pool, family, name, size, activeLayer, internalId, createdMillis, version);
  }

  public DiskRow withFamily(UUID newFamily) {
    return new DiskRow(
        id, pool, newFamily, name, size, activeLayer, computeParent, createdMillis, version);
  }
}
