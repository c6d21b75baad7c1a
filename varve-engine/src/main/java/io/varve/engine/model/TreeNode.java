// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A node of a disk's tree: a snapshot, a retired layer, the disk itself, or a clone that hangs off
/// it.
///
/// @param id of the layer; for a compute snapshot the snapshot's
/// @param parent id of the node beneath, or null for a root
/// @param parentKnown false where the parent of a compute snapshot is not recorded
/// @param role ACTIVE nodes are disks: this one where `disk` is its address, else a clone
/// @param kind null for nodes that are not snapshots
/// @param name of the snapshot; empty for retired layers and for disks
/// @param disk address `pool/disk` of the disk that the node belongs to
/// @param youAreHere true on the one node that is this disk's active layer; for compute snapshots
///   too the disk itself is a node, on top of the snapshot it stands on
/// @param automatic taken by Varve itself, for a clone
/// @param children how many nodes read it directly
/// @param created when it was frozen (snapshots) or made (disks)
/// @param space of the layer; [SpaceView#NONE] where it was not asked for or the file cannot be
///   read
public record TreeNode(
    UUID id,
    @Nullable UUID parent,
    boolean parentKnown,
    NodeRole role,
    @Nullable SnapshotKind kind,
    String name,
    String disk,
    boolean youAreHere,
    boolean automatic,
    int children,
    Instant created,
    Path file,
    SpaceView space) {}
