// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.format.SubclusterBitmap;

/// What an L2 entry says of one guest cluster, with standard and extended entries seen alike: a
/// standard cluster is one subcluster.
///
/// @param entry the L2 entry as stored
/// @param host host offset of the cluster, [#NO_HOST] if none; for a compressed cluster too
/// @param copied the host cluster has one reference: it may be written in place
/// @param compressed the entry is a compressed cluster descriptor
/// @param allocated subclusters that have data at `host`, bit i for subcluster i
/// @param zero subclusters that read as zero
public record ClusterState(
    long entry, long host, boolean copied, boolean compressed, int allocated, int zero) {
  /// No host cluster. Offset 0 is one in an external data file.
  public static final long NO_HOST = -1;

  /// Nothing: the base answers.
  public static final ClusterState NONE = new ClusterState(0, NO_HOST, false, false, 0, 0);

  /// @param external host offsets lie in an external data file, where 0 with COPIED is a cluster
  static ClusterState standard(long entry, boolean external) {
    if (L2Entry.compressed(entry)) {
      return new ClusterState(entry, NO_HOST, false, true, 1, 0);
    }
    int zero = L2Entry.zero(entry) ? 1 : 0;
    long host = hostOf(entry, external && zero == 0);
    int allocated = host != NO_HOST && zero == 0 ? 1 : 0;
    return new ClusterState(entry, host, L2Entry.copied(entry), false, allocated, zero);
  }

  static ClusterState extended(long entry, long bitmap, boolean external) {
    if (L2Entry.compressed(entry)) {
      return new ClusterState(entry, NO_HOST, false, true, -1, 0);
    }
    return new ClusterState(
        entry,
        hostOf(entry, external),
        L2Entry.copied(entry),
        false,
        SubclusterBitmap.allocated(bitmap),
        SubclusterBitmap.zero(bitmap));
  }

  private static long hostOf(long entry, boolean zeroIsOne) {
    long offset = L2Entry.offset(entry);
    return offset != 0 || (zeroIsOne && L2Entry.copied(entry)) ? offset : NO_HOST;
  }

  /// True if every subcluster reads as zero.
  boolean allZero(Geometry geometry) {
    return zero == (geometry.extendedL2() ? -1 : 1);
  }

  /// True if a host cluster belongs to it, with data or reserved.
  public boolean hasHost() {
    return host != NO_HOST;
  }

  /// True if the host cluster exists and no snapshot shares it.
  public boolean writableInPlace() {
    return hasHost() && copied;
  }

  /// The kind of subcluster `index`: its allocated bit, its zero bit, or neither.
  boolean hasData(int index) {
    return (allocated >>> index & 1) != 0;
  }

  boolean readsZero(int index) {
    return (zero >>> index & 1) != 0;
  }
}
