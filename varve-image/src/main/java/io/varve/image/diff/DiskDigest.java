// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainExtent;
import io.varve.image.op.Progress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A digest of all that a guest reads from a disk, and of its size: a tree of SHA-256, so that
/// stretches of zeros cost nothing, however long they are. It does not depend on how the disk is
/// layered, nor on which zeros are written down. The rule is in `docs/format/diff-stream.md`.
///
/// For one thread.
public final class DiskDigest {
  /// Bytes of a digest.
  public static final int LENGTH = 32;

  /// Bytes of the disk in one leaf.
  public static final int LEAF = 64 << 10;

  private static final int MOST_LEVELS = 64;
  private static final int PIECE = 16 * LEAF;
  private static final byte LEAF_MARK = 0;
  private static final byte NODE_MARK = 1;
  private static final byte[] ROOT_MARK = "varve-disk-1".getBytes(StandardCharsets.US_ASCII);

  private final MessageDigest sha;
  private final byte[][] zeros = new byte[MOST_LEVELS][];
  private final byte[] @Nullable [] pending = new byte[MOST_LEVELS][];
  private long leaves;

  private DiskDigest() {
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    sha.update(LEAF_MARK);
    zeros[0] = sha.digest(new byte[LEAF]);
    for (int level = 1; level < MOST_LEVELS; level++) {
      zeros[level] = node(zeros[level - 1], zeros[level - 1]);
    }
  }

  /// Reads what the disk holds, once.
  ///
  /// @throws java.util.concurrent.CancellationException if `progress` throws it
  public static byte[] of(Chain disk, Progress progress) throws IOException {
    return new DiskDigest().read(disk, progress);
  }

  private byte[] read(Chain disk, Progress progress) throws IOException {
    long size = disk.size();
    long total = leavesOf(size);
    ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
    while (leaves < total) {
      progress.advance(Math.min(size, leaves * LEAF), size);
      long zero = zeroLeaves(disk, size, total);
      if (zero > 0) {
        addZeros(zero);
      } else {
        addData(disk, size, piece);
      }
    }
    progress.advance(size, size);
    return finish(size, total);
  }

  private static long leavesOf(long size) {
    return size / LEAF + (size % LEAF == 0 ? 0 : 1);
  }

  /// Whole leaves ahead that read as zero by the indexes.
  private long zeroLeaves(Chain disk, long size, long total) throws IOException {
    long start = leaves * LEAF;
    long at = start;
    while (at < size) {
      ChainExtent extent = disk.where(GuestOffset.of(at), size - at);
      if (!extent.readsAsZero()) {
        return (at - start) / LEAF;
      }
      at = extent.end();
    }
    return total - leaves;
  }

  private void addData(Chain disk, long size, ByteBuffer piece) throws IOException {
    long start = leaves * LEAF;
    int length = (int) Math.min(PIECE, size - start);
    disk.read(GuestOffset.of(start), piece.clear().limit(length));
    int padded = (length + LEAF - 1) / LEAF * LEAF;
    piece.limit(padded);
    while (piece.hasRemaining()) {
      piece.put((byte) 0);
    }
    for (int at = 0; at < padded; at += LEAF) {
      sha.update(LEAF_MARK);
      sha.update(piece.slice(at, LEAF));
      add(sha.digest(), 0);
      leaves++;
    }
  }

  private void addZeros(long count) {
    long left = count;
    while (left > 0) {
      int aligned = leaves == 0 ? MOST_LEVELS - 2 : Long.numberOfTrailingZeros(leaves);
      int level = Math.min(aligned, 63 - Long.numberOfLeadingZeros(left));
      add(zeros[level], level);
      leaves += 1L << level;
      left -= 1L << level;
    }
  }

  /// As carries in a binary counter: two neighbours of one level make one of the next.
  private void add(byte[] hash, int level) {
    byte[] carried = hash;
    int at = level;
    for (byte[] left = pending[at]; left != null; left = pending[at]) {
      carried = node(left, carried);
      pending[at] = null;
      at++;
    }
    pending[at] = carried;
  }

  private byte[] node(byte[] left, byte[] right) {
    sha.update(NODE_MARK);
    sha.update(left);
    return sha.digest(right);
  }

  private byte[] finish(long size, long total) {
    int levels = total <= 1 ? 0 : 64 - Long.numberOfLeadingZeros(total - 1);
    addZeros((1L << levels) - total);
    byte[] top = pending[levels];
    if (top == null) {
      // Only a disk of no bytes has no leaf.
      top = zeros[0];
    }
    sha.update(ROOT_MARK);
    sha.update(ByteBuffer.allocate(Long.BYTES).putLong(0, size));
    return sha.digest(top);
  }

  /// True if both are the same digest.
  public static boolean same(byte[] a, byte[] b) {
    return Arrays.equals(a, b);
  }
}
