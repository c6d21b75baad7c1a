// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.format.SubclusterBitmap;

/// What an L2 entry says of one guest cluster, with standard and extended entries seen alike: a
/// standard cluster is one subcluster.
///
/// @param entry the L2 entry as stored
/// @param host host offset of the cluster, 0 if none; for a compressed cluster 0
/// @param copied the host cluster has one reference: it may be written in place
/// @param compressed the entry is a compressed cluster descriptor
/// @param allocated subclusters that have data at `host`, bit i for subcluster i
/// @param zero subclusters that read as zero
public record ClusterState(
    long entry, long host, boolean copied, boolean compressed, int allocated, int zero) {
  /// Nothing: the base answers.
  public static final ClusterState NONE = new ClusterState(0, 0, false, false, 0, 0);

  static ClusterState standard(long entry) {
    if (L2Entry.compressed(entry)) {
      return new ClusterState(entry, 0, false, true, 1, 0);
    }
    long host = L2Entry.offset(entry);
    int zero = L2Entry.zero(entry) ? 1 : 0;
    int allocated = host != 0 && zero == 0 ? 1 : 0;
    return new ClusterState(entry, host, L2Entry.copied(entry), false, allocated, zero);
  }

  static ClusterState extended(long entry, long bitmap) {
    if (L2Entry.compressed(entry)) {
      return new ClusterState(entry, 0, false, true, -1, 0);
    }
    return new ClusterState(
        entry,
        L2Entry.offset(entry),
        L2Entry.copied(entry),
        false,
        SubclusterBitmap.allocated(bitmap),
        SubclusterBitmap.zero(bitmap));
  }

  /// True if the host cluster exists and no snapshot shares it.
  public boolean writableInPlace() {
    return host != 0 && copied;
  }

  /// The kind of subcluster `index`: its allocated bit, its zero bit, or neither.
  boolean hasData(int index) {
    return (allocated >>> index & 1) != 0;
  }

  boolean readsZero(int index) {
    return (zero >>> index & 1) != 0;
  }
}
