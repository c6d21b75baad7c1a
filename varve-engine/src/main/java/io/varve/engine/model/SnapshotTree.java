// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.util.List;

/// The tree of one disk.
///
/// @param nodes each after its parent, siblings by time
/// @param changedSince true if anything was written since the snapshot that the disk stands on
public record SnapshotTree(DiskView disk, List<TreeNode> nodes, boolean changedSince) {}
