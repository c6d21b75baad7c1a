// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.BackingReference;
import io.varve.image.qcow2.format.VarveIdentity;
import org.jspecify.annotations.Nullable;

/// What a new image shall be.
///
/// @param size of the disk in bytes, a multiple of 512
/// @param version 2 or 3
/// @param clusterBits log2 of the cluster size, 9 to 21
/// @param refcountOrder log2 of the refcount width, 0 to 6; version 2 knows only 4
/// @param extendedL2 32 subclusters a cluster; version 3, clusters from 16 KiB
/// @param lazyRefcounts let others postpone refcount updates; version 3
/// @param compression how clusters that are written compressed are encoded; zstd needs version 3
/// @param backing the base, or null
/// @param identity Varve's own header extension, or null
public record Qcow2CreateOptions(
    long size,
    int version,
    int clusterBits,
    int refcountOrder,
    boolean extendedL2,
    boolean lazyRefcounts,
    Compression compression,
    @Nullable BackingReference backing,
    @Nullable VarveIdentity identity) {
  /// Version 3, 64 KiB clusters, 16-bit refcounts: QEMU's defaults.
  public static Qcow2CreateOptions ofSize(long size) {
    return new Qcow2CreateOptions(size, 3, 16, 4, false, false, Compression.ZLIB, null, null);
  }

  public Qcow2CreateOptions withVersion(int newVersion) {
    return new Qcow2CreateOptions(
        size,
        newVersion,
        clusterBits,
        refcountOrder,
        extendedL2,
        lazyRefcounts,
        compression,
        backing,
        identity);
  }

  public Qcow2CreateOptions withClusterBits(int bits) {
    return new Qcow2CreateOptions(
        size,
        version,
        bits,
        refcountOrder,
        extendedL2,
        lazyRefcounts,
        compression,
        backing,
        identity);
  }

  public Qcow2CreateOptions withRefcountOrder(int order) {
    return new Qcow2CreateOptions(
        size,
        version,
        clusterBits,
        order,
        extendedL2,
        lazyRefcounts,
        compression,
        backing,
        identity);
  }

  public Qcow2CreateOptions withExtendedL2(boolean extended) {
    return new Qcow2CreateOptions(
        size,
        version,
        clusterBits,
        refcountOrder,
        extended,
        lazyRefcounts,
        compression,
        backing,
        identity);
  }

  public Qcow2CreateOptions withLazyRefcounts(boolean lazy) {
    return new Qcow2CreateOptions(
        size,
        version,
        clusterBits,
        refcountOrder,
        extendedL2,
        lazy,
        compression,
        backing,
        identity);
  }

  public Qcow2CreateOptions withCompression(Compression type) {
    return new Qcow2CreateOptions(
        size,
        version,
        clusterBits,
        refcountOrder,
        extendedL2,
        lazyRefcounts,
        type,
        backing,
        identity);
  }

  public Qcow2CreateOptions withBacking(@Nullable BackingReference base) {
    return new Qcow2CreateOptions(
        size,
        version,
        clusterBits,
        refcountOrder,
        extendedL2,
        lazyRefcounts,
        compression,
        base,
        identity);
  }

  public Qcow2CreateOptions withIdentity(@Nullable VarveIdentity own) {
    return new Qcow2CreateOptions(
        size,
        version,
        clusterBits,
        refcountOrder,
        extendedL2,
        lazyRefcounts,
        compression,
        backing,
        own);
  }
}
