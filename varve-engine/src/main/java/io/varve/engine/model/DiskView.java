// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import io.varve.image.LayerFormat;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A disk as it is now.
///
/// @param size bytes that the guest sees
/// @param file of the active layer: what a VM opens
/// @param depth layers in its chain, 1 for a disk without a base
/// @param snapshots that can be named with `disk@name`
/// @param parent name of the snapshot that the disk stands on ("you are here"), or null for none;
///   of the form `disk@snapshot` where it is another disk's
/// @param changedSince true if anything was written since that snapshot; on a disk without
///   snapshots if anything was written at all
/// @param clonedFrom `disk@snapshot` that it is a fast clone of while that exists, or null
/// @param space of the active layer alone
/// @param problem why the disk cannot be used now (a missing file, say), or null
public record DiskView(
    UUID id,
    String pool,
    String name,
    PoolKind poolKind,
    LayerFormat format,
    long size,
    Path file,
    int depth,
    int snapshots,
    @Nullable String parent,
    boolean changedSince,
    @Nullable String clonedFrom,
    Instant created,
    SpaceView space,
    @Nullable String problem) {
  /// The address `pool/name`.
  public String address() {
    return pool + "/" + name;
  }
}
