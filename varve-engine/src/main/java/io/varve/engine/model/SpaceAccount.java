// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The space of one disk, clone or snapshot, in bytes. A plain host cluster counts in full (of one
/// with subclusters those that hold something), a compressed one by its compressed length.
///
/// @param address `pool/disk` or `pool/disk@snapshot`
/// @param virtualBytes the size that a guest sees
/// @param referencedBytes data that it reads, in whichever layer; what a layer above hides is not
///   read
/// @param exclusiveBytes data that nobody else reads: of no use to anyone once it is gone
/// @param sharedWith addresses of all disks and snapshots that read some of the same data, or null
///   where that was not asked for
/// @param indexBytes tables of its own file: what being a node costs; for a compute snapshot its
///   own tables
/// @param allocatedBytes that the store spends on its own file; for a compute snapshot on the data
///   that it alone holds
/// @param freedIfDeleted what deleting it, and nothing else, gives back to the store; for a disk
///   the files that no other disk reads, its snapshots included; for a snapshot that one node reads
///   once the merge is done, to the block. -1 where a file cannot be read
public record SpaceAccount(
    String address,
    long virtualBytes,
    long referencedBytes,
    long exclusiveBytes,
    @Nullable List<String> sharedWith,
    long indexBytes,
    long allocatedBytes,
    long freedIfDeleted) {
  /// Data that others read too.
  public long sharedBytes() {
    return referencedBytes - exclusiveBytes;
  }
}
