// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.compress;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Tells data that deflate cannot shorten (encrypted, compressed already, random) by a look at a
/// quarter of it: a tenth of the time that deflate takes to find out.
///
/// It looks at 2 KiB of every 8. Noise has bytes that are all about as frequent, and hardly ever
/// four of them again as they were shortly before; anything else is left to deflate. What could be
/// shortened between the looks alone, less than 6 KiB, is given up.
///
/// One thread at a time.
final class Noise {
  private static final int STEP = 8192;
  private static final int LOOK = 2048;
  private static final int HASH_BITS = 11;

  /// Repeats of four bytes that chance brings in one look: one in two million places. So few that
  /// matches of this number in a whole cluster save less than telling them costs.
  private static final int FEW = 4;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final int[] counts = new int[256];
  private final int[] last = new int[1 << HASH_BITS];

  /// True if `cluster` is noise. Clusters of less than two steps are never called so.
  boolean isNoise(byte[] cluster) {
    if (cluster.length < 2 * STEP) {
      return false;
    }
    java.util.Arrays.fill(counts, 0);
    int repeats = 0;
    long looked = 0;
    for (int from = 0; from < cluster.length; from += STEP) {
      repeats += look(cluster, from);
      looked += LOOK;
      if (repeats > FEW || !even(looked)) {
        return false;
      }
    }
    return true;
  }

  /// Counts the bytes of one look, and returns how often four of them were there before.
  private int look(byte[] cluster, int from) {
    java.util.Arrays.fill(last, -1);
    int repeats = 0;
    for (int at = from; at < from + LOOK - Integer.BYTES; at++) {
      counts[cluster[at] & 0xff]++;
      int four = (int) INT.get(cluster, at);
      int place = four * 0x9e3779b1 >>> (Integer.SIZE - HASH_BITS);
      int before = last[place];
      if (before >= 0 && (int) INT.get(cluster, before) == four) {
        repeats++;
      }
      last[place] = at;
    }
    return repeats;
  }

  /// True if no byte is much more frequent than another: the sum of the squares of the counts is
  /// that of equal counts, give or take chance.
  private boolean even(long looked) {
    long squares = 0;
    for (int count : counts) {
      squares += (long) count * count;
    }
    // Chance alone adds `looked`; twice that is never reached by noise.
    return squares < looked * looked / counts.length + 2 * looked;
  }
}
