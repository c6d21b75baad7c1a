// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;

/// One change of a storage, as the crash log keeps it.
sealed interface Mutation {
  /// What a disk writes whole or not at all.
  int SECTOR = 512;

  /// Makes the whole change.
  void apply(SparseBytes bytes);

  /// Makes the change for a random subset of its sectors.
  void applyTorn(SparseBytes bytes, RandomGenerator random);

  record Write(long position, ByteBuffer data) implements Mutation {
    @Override
    public void apply(SparseBytes bytes) {
      bytes.write(position, data.duplicate());
    }

    @Override
    public void applyTorn(SparseBytes bytes, RandomGenerator random) {
      forSomeSectors(
          position,
          data.capacity(),
          random,
          (at, length) -> bytes.write(at, data.slice((int) (at - position), (int) length)));
    }

    @Override
    public String toString() {
      return "write " + data.capacity() + " at 0x" + Long.toHexString(position);
    }
  }

  record Zero(long position, long length) implements Mutation {
    @Override
    public void apply(SparseBytes bytes) {
      bytes.zero(position, length);
    }

    @Override
    public void applyTorn(SparseBytes bytes, RandomGenerator random) {
      forSomeSectors(position, length, random, bytes::zero);
    }

    @Override
    public String toString() {
      return "zero " + length + " at 0x" + Long.toHexString(position);
    }
  }

  record Punch(long position, long length) implements Mutation {
    @Override
    public void apply(SparseBytes bytes) {
      long inside = Math.min(length, bytes.size() - position);
      if (inside > 0) {
        bytes.zero(position, inside);
      }
    }

    @Override
    public void applyTorn(SparseBytes bytes, RandomGenerator random) {
      long inside = Math.min(length, bytes.size() - position);
      if (inside > 0) {
        forSomeSectors(position, inside, random, bytes::zero);
      }
    }

    @Override
    public String toString() {
      return "punch " + length + " at 0x" + Long.toHexString(position);
    }
  }

  record Truncate(long size) implements Mutation {
    @Override
    public void apply(SparseBytes bytes) {
      bytes.truncate(size);
    }

    @Override
    public void applyTorn(SparseBytes bytes, RandomGenerator random) {
      if (random.nextBoolean()) {
        bytes.truncate(size);
      }
    }

    @Override
    public String toString() {
      return "truncate to 0x" + Long.toHexString(size);
    }
  }

  /// A part of a change.
  @FunctionalInterface
  interface Part {
    void apply(long position, long length);
  }

  /// Calls `part` for some of the sectors that the range touches, each time cut to the range. Of a
  /// range that is far larger than what matters here, runs of sectors share one coin.
  private static void forSomeSectors(
      long position, long length, RandomGenerator random, Part part) {
    long step = Math.max(SECTOR, length / 4096 / SECTOR * SECTOR);
    long at = position;
    long end = position + length;
    while (at < end) {
      long next = Math.min(end, (at / step + 1) * step);
      if (random.nextBoolean()) {
        part.apply(at, next - at);
      }
      at = next;
    }
  }
}
