// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.check.Finding.Kind;

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

  /// The most that a refcount of this image can say.
  private final int max;

  /// Clusters of ranges that reach too far behind the end of the file to be counted.
  private final ClusterFlags refused = new ClusterFlags();

  private int refusedClusters;

  private long clusters;

  /// Bytes of tables that may still be read before they must overlap each other.
  private long tableBytes;

  private long previewBytes;

  References(CheckedImage image, Tally tally) {
    this.image = image;
    this.tally = tally;
    this.clusters = image.clusters();
    this.tableBytes = image.fileLength() + image.clusterSize();
    long most = image.geometry().maxRefcount();
    this.max = most < 0 || most > Integer.MAX_VALUE ? Integer.MAX_VALUE : (int) most;
  }

  /// Counts a reference to each cluster that the range touches. The last cluster of a file may lie
  /// in it in part only; what lies behind it is no cluster.
  ///
  /// @param times how often the range is referred to; 0 only to complain
  /// @return false if the range is not in the file
  boolean add(long offset, long length, int times) {
    if (length == 0) {
      return true;
    }
    if (!inFile(offset, length)) {
      tally.corruption(
          "ERROR: counting reference for region exceeding the end of the file by one cluster or"
              + " more: offset "
              + Hex.of(offset)
              + " size "
              + Hex.of(length));
      refuse(offset, length);
      return false;
    }
    int bits = image.header().clusterBits();
    long first = offset >>> bits;
    if (times > 0) {
      addClusters(first, (offset + length - 1 >>> bits) - first + 1, times);
    }
    return true;
  }

  /// True if the range can be counted: it ends less than a cluster behind the end of the file.
  boolean inFile(long offset, long length) {
    return offset + length - image.fileLength() < image.clusterSize();
  }

  /// Counts neighbours that all lie in the file.
  void addClusters(long first, long count, int times) {
    if (max == Integer.MAX_VALUE) {
      counts.addRun(first, count, times);
    } else {
      long cluster = first;
      while (cluster < first + count) {
        cluster += counts.addRunBelow(cluster, first + count - cluster, times, max);
        if (cluster < first + count) {
          addBounded(cluster++, times);
        }
      }
    }
    clusters = Math.max(clusters, first + count);
  }

  /// A count goes no further than the width of a refcount; what is beyond is an error of its own.
  private void addBounded(long cluster, int times) {
    int room = max - counts.get(cluster);
    counts.add(cluster, Math.min(times, room));
    for (int i = room; i < times; i++) {
      tally.corruption(
          "ERROR: overflow cluster offset=" + Hex.of(image.geometry().hostOffset(cluster)));
      tally.say(
          Kind.CORRUPTION,
          "Use qemu-img amend to increase the refcount entry width or qemu-img convert to create a"
              + " clean copy if the image cannot be opened for writing");
    }
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
    if (inFile(offset, length)) {
      tableBytes -= length;
      if (tableBytes < 0) {
        tally.error(
            name + " at " + Hex.of(offset) + ": the tables overlap, they are longer than the file");
        tally.incomplete();
        return false;
      }
    }
    return add(offset, length, times);
  }

  /// True if the L1 table may be read beforehand: those read so are not longer than the file.
  boolean mayFollow(long offset, long length) {
    if (inFile(offset, length)) {
      previewBytes += length;
    }
    return previewBytes <= image.fileLength() + image.clusterSize();
  }

  /// True if tables must not be followed any more.
  boolean exhausted() {
    return tableBytes < 0;
  }

  /// Sets the count of a cluster that a repair has given a use, or taken one from.
  void set(long cluster, int count) {
    counts.add(cluster, count - counts.get(cluster));
    clusters = Math.max(clusters, cluster + 1);
  }

  int get(long cluster) {
    return counts.get(cluster);
  }

  /// How many of the clusters from `from` on, and below `limit`, are referred to as often as this,
  /// one after the other; it may stop early.
  long run(long from, long limit, int count) {
    return counts.run(from, limit, count);
  }

  /// The first cluster from `from` on that something refers to, else `limit`.
  long next(long from, long limit) {
    return counts.nextNonZero(from, limit);
  }

  /// Host clusters to look at: those of the file, and one more where a range ends behind it.
  long clusters() {
    return clusters;
  }

  /// Takes clusters in that the file has gained.
  void cover(long fileClusters) {
    clusters = Math.max(clusters, fileClusters);
  }
}
