// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import java.util.Arrays;

/// A count for each host cluster, in pages that exist only where a count is not zero: memory
/// follows what an image refers to, not what it claims to be. Counts stop at the largest `int`.
final class ClusterCounts {
  private static final int PAGE_BITS = 12;
  private static final int PAGE = 1 << PAGE_BITS;
  private static final int[] ZEROS = new int[PAGE];

  private int[][] pages = new int[0][];

  void add(long cluster, int count) {
    int page = (int) (cluster >>> PAGE_BITS);
    if (page >= pages.length) {
      int length = pages.length;
      pages = Arrays.copyOf(pages, Math.max(page + 1, (int) Math.min(length * 2L, 1 << 20)));
      Arrays.fill(pages, length, pages.length, ZEROS);
    }
    if (pages[page] == ZEROS) {
      pages[page] = new int[PAGE];
    }
    int at = (int) cluster & (PAGE - 1);
    pages[page][at] = (int) Math.min(Integer.MAX_VALUE, (long) pages[page][at] + count);
  }

  /// Adds `count` to each of `clusters` counts from `first` on.
  void addRun(long first, long clusters, int count) {
    long end = first + clusters;
    for (long from = first; from < end; ) {
      long stop = Math.min(end, (from | (PAGE - 1)) + 1);
      add(from, count);
      int[] page = pages[(int) (from >>> PAGE_BITS)];
      for (int at = ((int) from & (PAGE - 1)) + 1; at <= ((int) (stop - 1) & (PAGE - 1)); at++) {
        page[at] = page[at] > Integer.MAX_VALUE - count ? Integer.MAX_VALUE : page[at] + count;
      }
      from = stop;
    }
  }

  /// As [#addRun], as long as no count becomes more than `max`; returns how many were added to.
  long addRunBelow(long first, long clusters, int count, int max) {
    long end = first + clusters;
    for (long from = first; from < end; ) {
      if (get(from) > max - count) {
        return from - first;
      }
      long stop = Math.min(end, (from | (PAGE - 1)) + 1);
      add(from, count);
      int[] page = pages[(int) (from >>> PAGE_BITS)];
      int start = (int) from & (PAGE - 1);
      int last = start + (int) (stop - from);
      int at = start + 1;
      while (at < last && page[at] <= max - count) {
        page[at] += count;
        at++;
      }
      from += at - start;
    }
    return clusters;
  }

  /// How many of the clusters from `from` on, and below `limit`, have this count, one after the
  /// other; it may stop early.
  long run(long from, long limit, int count) {
    int[] page = from >>> PAGE_BITS < pages.length ? pages[(int) (from >>> PAGE_BITS)] : ZEROS;
    int start = (int) from & (PAGE - 1);
    int end = (int) Math.min(PAGE, start + (limit - from));
    int at = start;
    while (at < end && page[at] == count) {
      at++;
    }
    return (long) at - start;
  }

  int get(long cluster) {
    long page = cluster >>> PAGE_BITS;
    return page < pages.length ? pages[(int) page][(int) cluster & (PAGE - 1)] : 0;
  }

  /// The first cluster from `from` on, and below `limit`, whose count is not zero; else `limit`.
  long nextNonZero(long from, long limit) {
    long cluster = from;
    while (cluster < limit) {
      long page = cluster >>> PAGE_BITS;
      if (page >= pages.length) {
        return limit;
      }
      if (pages[(int) page] == ZEROS) {
        cluster = (page + 1) << PAGE_BITS;
      } else if (get(cluster) != 0) {
        return cluster;
      } else {
        cluster++;
      }
    }
    return limit;
  }
}
