// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import java.util.Locale;

/// Counts what refers to each host cluster.
final class References {
  /// Clusters behind the end of the file that a new structure may come to lie in.
  private static final int NEAR = 1 << 20;

  /// Clusters to remember as refused, counted as often as they are: a hostile image has no end of
  /// them, and none of it is repaired then.
  private static final int MOST_REFUSED = 1 << 22;

  private final CheckedImage image;
  private final Tally tally;
  private final ClusterCounts counts = new ClusterCounts();

  /// Clusters of ranges that reach too far behind the end of the file to be counted.
  private final ClusterFlags refused = new ClusterFlags();

  private int refusedClusters;

  private long clusters;

  /// Bytes of tables that may still be read before they must overlap each other.
  private long tableBytes;

  References(CheckedImage image, Tally tally) {
    this.image = image;
    this.tally = tally;
    this.clusters = image.clusters();
    this.tableBytes = image.fileLength() + image.clusterSize();
  }

  /// Counts a reference to each cluster that the range touches. The last cluster of a file may lie
  /// in it in part only; what lies behind it is no cluster.
  ///
  /// @param times how often the range is referred to
  /// @return false if the range is not in the file
  boolean add(long offset, long length, int times) {
    if (length == 0 || times == 0) {
      return true;
    }
    if (offset + length - image.fileLength() >= image.clusterSize()) {
      tally.corruptions(
          times,
          "counting reference for region exceeding the end of the file by one cluster or more:"
              + " offset 0x%x size 0x%x",
          offset,
          length);
      refuse(offset, length);
      return false;
    }
    int bits = image.header().clusterBits();
    long last = offset + length - 1 >>> bits;
    for (long cluster = offset >>> bits; cluster <= last; cluster++) {
      counts.add(cluster, times);
    }
    clusters = Math.max(clusters, last + 1);
    return true;
  }

  private void refuse(long offset, long length) {
    int bits = image.header().clusterBits();
    long last = Math.min(offset + length - 1 >>> bits, image.clusters() + NEAR);
    for (long c = offset >>> bits; c <= last && refusedClusters < MOST_REFUSED; c++) {
      refused.set(c);
      refusedClusters++;
    }
    if (offset < image.fileLength()) {
      tally.incomplete();
    }
  }

  /// True if one of `count` clusters from `first` on, which may lie behind the end of the file,
  /// lies in a range that was not counted: what is put there would come under a damaged entry.
  boolean anyRefused(long first, long count) {
    if (refusedClusters == MOST_REFUSED) {
      return true;
    }
    for (long cluster = first; cluster < first + count; cluster++) {
      if (refused.get(cluster)) {
        return true;
      }
    }
    return false;
  }

  /// Counts a table as [#add], unless all tables together are longer than the file: then they
  /// overlap, and following them could take forever.
  ///
  /// @return false if the table is not in the file as a whole, or must not be followed
  boolean addTable(long offset, long length, int times, String name) {
    if (offset + length - image.fileLength() < image.clusterSize()) {
      tableBytes -= length;
      if (tableBytes < 0) {
        tally.error("%s at 0x%x: the tables overlap, they are longer than the file", name, offset);
        tally.incomplete();
        return false;
      }
    }
    return add(offset, length, times);
  }

  /// True if tables must not be followed any more.
  boolean exhausted() {
    return tableBytes < 0;
  }

  /// A count goes no further than the width of a refcount; what is beyond is an error of its own.
  void requireWidth() {
    long max = image.geometry().maxRefcount();
    if (max < 0 || max >= Integer.MAX_VALUE) {
      return;
    }
    for (long c = next(0, clusters); c < clusters; c = next(c + 1, clusters)) {
      int beyond = (int) (counts.get(c) - max);
      if (beyond > 0) {
        counts.add(c, -beyond);
        tally.corruptions(
            beyond,
            "%s",
            String.format(
                Locale.ROOT,
                "overflow cluster offset=0x%x: use qemu-img amend to increase the refcount entry"
                    + " width",
                image.geometry().hostOffset(c)));
      }
    }
  }

  int get(long cluster) {
    return counts.get(cluster);
  }

  /// The first cluster from `from` on that something refers to, else `limit`.
  long next(long from, long limit) {
    return counts.nextNonZero(from, limit);
  }

  /// Host clusters to look at: those of the file, and one more where a range ends behind it.
  long clusters() {
    return clusters;
  }
}
