// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.BackingReference;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import java.util.Optional;

/// What the header of an image says.
///
/// @param version 2 (`compat=0.10`) or 3 (`compat=1.1`)
/// @param virtualSize size of the disk, bytes
/// @param clusterSize bytes
/// @param refcountBits width of a refcount, 1 to 64
/// @param dirty refcounts may be stale; the next writable open repairs them
/// @param corrupt marked as damaged; only a repair may write to it
/// @param externalDataFile guest data lies in a file of its own
/// @param rawDataFile that file alone is a raw image of the disk
/// @param compressionType `zlib` or `zstd`
/// @param backing name and format of the base
/// @param snapshots internal snapshots
public record Qcow2Info(
    int version,
    long virtualSize,
    int clusterSize,
    int refcountBits,
    boolean extendedL2,
    boolean lazyRefcounts,
    boolean dirty,
    boolean corrupt,
    boolean externalDataFile,
    boolean rawDataFile,
    String compressionType,
    Optional<BackingReference> backing,
    int snapshots) {
  static Qcow2Info of(Header header, long size, Optional<BackingReference> backing) {
    return new Qcow2Info(
        header.version(),
        size,
        header.clusterSize(),
        1 << header.refcountOrder(),
        header.extendedL2(),
        header.lazyRefcounts(),
        header.dirty(),
        header.corrupt(),
        header.externalDataFile(),
        (header.autoclear() & FeatureBits.RAW_DATA) != 0,
        header.compressionType() == Header.COMPRESSION_ZLIB ? "zlib" : "zstd",
        backing,
        header.snapshotCount());
  }
}
