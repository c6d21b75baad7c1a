// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

/// The address arithmetic of one image; every shift and mask of it stands here and nowhere else.
///
/// A guest offset splits into `L1 index | L2 index | offset in cluster` (spec: "Cluster mapping").
///
/// @param clusterBits log2 of the cluster size in bytes, 9 to 21
/// @param extendedL2 16-byte L2 entries with 32 subclusters a cluster
/// @param refcountOrder log2 of the refcount width in bits, 0 to 6
public record Geometry(int clusterBits, boolean extendedL2, int refcountOrder) {
  /// Offsets in L1 and L2 entries have 56 bits (`QCOW_MAX_CLUSTER_OFFSET` in QEMU).
  public static final long MAX_HOST_OFFSET = (1L << 56) - 1;

  public int clusterSize() {
    return 1 << clusterBits;
  }

  public int l2EntrySize() {
    return extendedL2 ? 16 : 8;
  }

  /// L2 entries in one table.
  public int l2Entries() {
    return 1 << l2Bits();
  }

  public int l2Bits() {
    return clusterBits - (extendedL2 ? 4 : 3);
  }

  public int subclustersPerCluster() {
    return extendedL2 ? 32 : 1;
  }

  public int subclusterBits() {
    return extendedL2 ? clusterBits - 5 : clusterBits;
  }

  public int subclusterSize() {
    return 1 << subclusterBits();
  }

  /// Refcount entries in one refcount block.
  public int refcountBlockEntries() {
    return 1 << refcountBlockBits();
  }

  public int refcountBlockBits() {
    return clusterBits + 3 - refcountOrder;
  }

  public long l1Index(long guestOffset) {
    return guestOffset >>> (clusterBits + l2Bits());
  }

  public int l2Index(long guestOffset) {
    return (int) (guestOffset >>> clusterBits) & (l2Entries() - 1);
  }

  public int inCluster(long offset) {
    return (int) (offset & (clusterSize() - 1));
  }

  public long clusterStart(long offset) {
    return offset & -(long) clusterSize();
  }

  /// Index of the host cluster that holds this host offset.
  public long hostCluster(long hostOffset) {
    return hostOffset >>> clusterBits;
  }

  public long hostOffset(long hostCluster) {
    return hostCluster << clusterBits;
  }

  /// Clusters that `bytes` bytes fill, the last one perhaps in part.
  public long clustersFor(long bytes) {
    return (bytes + clusterSize() - 1) >>> clusterBits;
  }

  /// Guest bytes that one L2 table maps.
  public long bytesPerL2Table() {
    return 1L << (clusterBits + l2Bits());
  }

  /// L1 entries that a disk of this size needs.
  public long l1EntriesFor(long diskSize) {
    long perTable = bytesPerL2Table();
    return diskSize / perTable + (diskSize % perTable == 0 ? 0 : 1);
  }

  /// Largest value of a refcount, as an unsigned number.
  public long maxRefcount() {
    return refcountOrder == 6 ? -1L : (1L << (1 << refcountOrder)) - 1;
  }

  public boolean isClusterAligned(long offset) {
    return inCluster(offset) == 0;
  }
}
