// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import io.varve.engine.model.SnapshotKind;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The name of a snapshot. A storage snapshot names a layer; a compute snapshot names an entry in
/// the snapshot table of the disk's file, where the file is the truth.
///
/// @param layer that it names, for storage snapshots; for compute snapshots the file's layer
/// @param internalId id in the file, for compute snapshots, else null
/// @param automatic taken by Varve itself
/// @param computeParent internal id of the compute snapshot it was taken on, or null
/// @param parentKnown false where a compute snapshot's parent is not recorded
/// @param createdMillis since the epoch
public record SnapshotRow(
    UUID id,
    UUID disk,
    String name,
    SnapshotKind kind,
    UUID layer,
    @Nullable String internalId,
    boolean automatic,
    @Nullable String computeParent,
    boolean parentKnown,
    long createdMillis) {
  public SnapshotRow withName(String newName, boolean byVarve) {
    return new SnapshotRow(
        id,
        disk,
        newName,
        kind,
        layer,
        internalId,
        byVarve,
        computeParent,
        parentKnown,
        createdMillis);
  }
}
