// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Draws random steps for a disk. Positions crowd at the edges of clusters, in a few hot places and
/// at the end of the disk, because that is where the errors live. **Threads:** one at a time.
public final class GuestOps {
  private static final int SECTOR = 512;
  private static final int MAX_WRITE = 1 << 20;

  private final RandomGenerator random;
  private final long cluster;
  private final List<String> snapshots = new ArrayList<>();
  private long size;
  private long writes;
  private int named;
  private boolean withSnapshots;
  private boolean withResize;
  private long minSize;
  private long maxSize;

  /// @param cluster bytes of a cluster, or the unit around which to crowd
  public GuestOps(RandomGenerator random, long size, long cluster) {
    this.random = random;
    this.size = size;
    this.cluster = cluster;
  }

  /// Draws internal snapshots too.
  public GuestOps withSnapshots() {
    withSnapshots = true;
    return this;
  }

  /// Draws resizes too, within these bounds.
  public GuestOps withResize(long min, long max) {
    withResize = true;
    minSize = min;
    maxSize = max;
    return this;
  }

  /// The disk has another size from now on (after a revert to a snapshot of another size).
  public void size(long newSize) {
    size = newSize;
  }

  /// The next step.
  public GuestOp next() {
    int draw = random.nextInt(100);
    if (draw < 50) {
      return write();
    }
    if (draw < 62) {
      long at = position();
      return new GuestOp.Zero(at, length(at, 8 * cluster), random.nextBoolean());
    }
    if (draw < 72) {
      long at = position();
      return new GuestOp.Discard(at, length(at, 8 * cluster));
    }
    if (draw < 80) {
      return new GuestOp.Flush();
    }
    if (draw < 84) {
      return new GuestOp.Reopen();
    }
    if (draw < 88 && withResize) {
      size = random.nextLong(minSize / SECTOR, maxSize / SECTOR + 1) * SECTOR;
      return new GuestOp.Resize(size);
    }
    return withSnapshots ? snapshot() : write();
  }

  private GuestOp write() {
    long at = position();
    return new GuestOp.Write(at, (int) length(at, Math.min(4 * cluster, MAX_WRITE)), ++writes);
  }

  private GuestOp snapshot() {
    int draw = random.nextInt(10);
    if (snapshots.isEmpty() || (draw < 4 && snapshots.size() < 8)) {
      String name = "s" + ++named;
      snapshots.add(name);
      return new GuestOp.TakeSnapshot(name);
    }
    int index = random.nextInt(snapshots.size());
    return draw < 7
        ? new GuestOp.ApplySnapshot(snapshots.get(index))
        : new GuestOp.DeleteSnapshot(snapshots.remove(index));
  }

  /// A position below the size.
  private long position() {
    long at =
        switch (random.nextInt(5)) {
          case 0 -> random.nextLong(size);
          case 1 -> cluster * random.nextLong(4) + nearby();
          case 2 -> size - 1 - random.nextLong(Math.min(size, 2 * cluster));
          default -> random.nextLong(size) / cluster * cluster + nearby();
        };
    if (random.nextInt(4) != 0) {
      at = at / SECTOR * SECTOR;
    }
    return Math.clamp(at, 0, size - 1);
  }

  private long nearby() {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextLong(-SECTOR, SECTOR + 1);
      case 1 -> random.nextLong(cluster);
      default -> 0;
    };
  }

  private long length(long at, long most) {
    long length =
        switch (random.nextInt(6)) {
          case 0 -> random.nextLong(1, SECTOR + 1);
          case 1 -> cluster;
          case 2 -> cluster * random.nextLong(1, 5);
          case 3 -> (at / cluster + 1) * cluster - at;
          case 4 -> SECTOR * random.nextLong(1, 17);
          default -> random.nextLong(1, most + 1);
        };
    return Math.clamp(length, 1, Math.min(most, size - at));
  }
}
