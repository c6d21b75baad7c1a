// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;

/// One change of a storage, as the crash log keeps it.
sealed interface Mutation {
  /// What a disk writes whole or not at all.
  int SECTOR = 512;

  /// Makes the change.
  void apply(SparseBytes bytes);

  /// Lets the sectors of the change that `random` picks reach the disk, or all without it. A sector
  /// goes as it was in memory then, with all earlier changes of its bytes.
  ///
  /// @param memory the file after this change and all before it
  void persist(SparseBytes memory, SparseBytes disk, Choice random);

  /// Which sectors reach the disk.
  @FunctionalInterface
  interface Choice {
    Choice ALL = () -> true;

    boolean next();

    static Choice of(RandomGenerator random) {
      return random::nextBoolean;
    }
  }

  record Write(long position, ByteBuffer data) implements Mutation {
    @Override
    public void apply(SparseBytes bytes) {
      bytes.write(position, data.duplicate());
    }

    @Override
    public void persist(SparseBytes memory, SparseBytes disk, Choice random) {
      copySectors(memory, disk, position, data.capacity(), random);
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
    public void persist(SparseBytes memory, SparseBytes disk, Choice random) {
      copySectors(memory, disk, position, length, random);
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
    public void persist(SparseBytes memory, SparseBytes disk, Choice random) {
      copySectors(memory, disk, position, Math.min(length, disk.size() - position), random);
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
    public void persist(SparseBytes memory, SparseBytes disk, Choice random) {
      if (random.next()) {
        disk.truncate(size);
      }
    }

    @Override
    public String toString() {
      return "truncate to 0x" + Long.toHexString(size);
    }
  }

  /// Copies the sectors of the range that are picked. Of a long range, runs of sectors share one
  /// pick.
  private static void copySectors(
      SparseBytes memory, SparseBytes disk, long position, long length, Choice random) {
    long step = Math.max(SECTOR, length / 4096 / SECTOR * SECTOR);
    long end = Math.min(memory.size(), Math.ceilDiv(position + length, SECTOR) * SECTOR);
    for (long at = position / SECTOR * SECTOR; at < end; at += step) {
      if (random.next()) {
        disk.copy(memory, at, Math.min(step, end - at));
      }
    }
  }
}
