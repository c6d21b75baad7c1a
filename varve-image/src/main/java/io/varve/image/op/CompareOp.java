// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainExtent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalLong;

/// Compares two disks by what a guest reads. Ranges that both indexes know to be zero are not read.
/// A longer disk equals a shorter one if the rest of it is zero.
public final class CompareOp {
  private static final int PIECE = 1 << 20;

  private CompareOp() {}

  /// The first guest offset at which the two differ, empty if they are equal.
  public static OptionalLong firstDifference(Chain a, Chain b, Progress progress)
      throws IOException {
    long total = Math.max(a.size(), b.size());
    byte[] left = new byte[PIECE];
    byte[] right = new byte[PIECE];
    long at = 0;
    while (at < total) {
      long zeros = Math.min(zeroRun(a, at, total), zeroRun(b, at, total));
      if (zeros > 0) {
        at += zeros;
      } else {
        int length = (int) Math.min(PIECE, total - at);
        read(a, at, left, length);
        read(b, at, right, length);
        int difference = Arrays.mismatch(left, 0, length, right, 0, length);
        if (difference >= 0) {
          return OptionalLong.of(at + difference);
        }
        at += length;
      }
      progress.advance(at, total);
    }
    return OptionalLong.empty();
  }

  /// Bytes from `at` on that the index knows to be zero, 0 if the next one is not.
  private static long zeroRun(Chain disk, long at, long total) throws IOException {
    if (at >= disk.size()) {
      return total - at;
    }
    ChainExtent extent = disk.where(GuestOffset.of(at), disk.size() - at);
    return extent.readsAsZero() ? extent.length() : 0;
  }

  private static void read(Chain disk, long at, byte[] into, int length) throws IOException {
    int inside = (int) Math.max(0, Math.min(length, disk.size() - at));
    if (inside > 0) {
      disk.read(GuestOffset.of(at), ByteBuffer.wrap(into, 0, inside));
    }
    Arrays.fill(into, inside, length, (byte) 0);
  }
}
