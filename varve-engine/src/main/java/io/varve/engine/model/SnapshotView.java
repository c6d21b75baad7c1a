// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One snapshot.
///
/// @param id of the snapshot; for compute snapshots that Varve did not take, made from the disk's
///   id and the id in the file
/// @param internalId the id inside the qcow2 file, for compute snapshots
/// @param automatic taken by Varve itself, for a clone
/// @param parent name of the snapshot that it was taken on, or null for none
/// @param parentKnown false for compute snapshots whose parent is not recorded (after a rescan, or
///   made by another program)
/// @param current true if the disk stands on it ("you are here")
/// @param size bytes of the disk as it was then
/// @param file that holds it
/// @param clones addresses of the disks that are fast clones of it
/// @param children how many nodes read it directly (snapshots, disks, clones, retired layers)
/// @param space of its layer; for a compute snapshot what its own index takes
public record SnapshotView(
    UUID id,
    String disk,
    String name,
    SnapshotKind kind,
    @Nullable String internalId,
    boolean automatic,
    Instant created,
    @Nullable String parent,
    boolean parentKnown,
    boolean current,
    long size,
    Path file,
    List<String> clones,
    int children,
    SpaceView space) {}
