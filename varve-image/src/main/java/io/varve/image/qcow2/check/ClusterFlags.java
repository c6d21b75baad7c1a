// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import java.util.Arrays;

/// A flag for each host cluster, in pages that exist only where one is set.
final class ClusterFlags {
  private static final int PAGE_BITS = 15;
  private static final long[] ZEROS = new long[1 << (PAGE_BITS - 6)];

  private long[][] pages = new long[0][];

  void set(long cluster) {
    int page = (int) (cluster >>> PAGE_BITS);
    if (page >= pages.length) {
      int length = pages.length;
      pages = Arrays.copyOf(pages, Math.max(page + 1, (int) Math.min(length * 2L, 1 << 17)));
      Arrays.fill(pages, length, pages.length, ZEROS);
    }
    if (pages[page] == ZEROS) {
      pages[page] = new long[ZEROS.length];
    }
    pages[page][word(cluster)] |= 1L << cluster;
  }

  void setRun(long first, long count) {
    long end = first + count;
    long cluster = first;
    while (cluster < end) {
      set(cluster);
      if ((cluster & 63) == 0 && end - cluster >= 64) {
        pages[(int) (cluster >>> PAGE_BITS)][word(cluster)] = -1;
        cluster += 64;
      } else {
        cluster++;
      }
    }
  }

  /// True if the flags of all `count` clusters from `first` on are set.
  boolean all(long first, long count) {
    long end = first + count;
    long cluster = first;
    while (cluster < end) {
      if (!get(cluster)) {
        return false;
      }
      boolean whole = (cluster & 63) == 0 && end - cluster >= 64;
      if (whole && pages[(int) (cluster >>> PAGE_BITS)][word(cluster)] != -1) {
        return false;
      }
      cluster += whole ? 64 : 1;
    }
    return true;
  }

  boolean get(long cluster) {
    long page = cluster >>> PAGE_BITS;
    return page < pages.length && (pages[(int) page][word(cluster)] >>> cluster & 1) != 0;
  }

  private static int word(long cluster) {
    return (int) (cluster >>> 6) & (ZEROS.length - 1);
  }
}
