// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import io.varve.testkit.GuestOp;
import io.varve.testkit.GuestOps;
import io.varve.testkit.QemuTools;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Draws random steps that make sense for a pool as it is. **Threads:** one at a time.
final class PoolOps {
  private static final int SECTOR = 512;
  private static final int MOST_DISKS = 5;
  private static final int MOST_NODES = 16;
  private static final int LEAST_SIZE = 1 << 20;
  private static final int MOST_SIZE = 4 << 20;

  private final RandomGenerator random;
  private final boolean withQemu;
  private PoolModel model;
  private long writes;

  /// @param model is read, and changes as the steps are taken
  PoolOps(RandomGenerator random, PoolModel model) {
    this.random = random;
    this.model = model;
    this.withQemu = QemuTools.installed().isPresent();
  }

  /// Goes on with another model of the pool.
  void model(PoolModel now) {
    model = now;
  }

  /// The next step; the first makes a disk.
  PoolOp next() {
    if (model.disks().isEmpty()) {
      return create();
    }
    PoolOp drawn = null;
    while (drawn == null) {
      drawn = draw(random.nextInt(100));
    }
    return drawn;
  }

  /// The next step that leaves the pool and the engine where they are and says what it does.
  PoolOp nextVerb() {
    PoolOp op = next();
    while (!(op instanceof PoolOp.OnDisk)
        || op instanceof PoolOp.Discard
        || op instanceof PoolOp.Qemu) {
      op = next();
    }
    return op;
  }

  private @Nullable PoolOp draw(int draw) {
    String disk = pick(model.disks()).name();
    if (draw < 36) {
      return guest(disk);
    }
    if (draw < 40) {
      return new PoolOp.Resize(disk, size());
    }
    if (draw < 56) {
      return room() ? new PoolOp.Snapshot(disk, freeSnapshot(disk)) : null;
    }
    if (draw < 75) {
      return onSnapshot(disk, draw);
    }
    if (draw < 87) {
      return newDisk(disk, draw);
    }
    if (draw < 90) {
      return model.disks().size() > 1 ? new PoolOp.DeleteDisk(disk) : null;
    }
    return draw < 95 ? rare(draw) : meddle(disk);
  }

  private @Nullable PoolOp onSnapshot(String disk, int draw) {
    if (model.snapshots(disk).isEmpty()) {
      return null;
    }
    String name = pick(model.snapshots(disk)).name();
    if (draw < 66) {
      return new PoolOp.DeleteSnapshot(disk, name);
    }
    boolean keep = room() && random.nextBoolean();
    return new PoolOp.Revert(disk, name, keep ? freeSnapshot(disk) : null);
  }

  private @Nullable PoolOp newDisk(String disk, int draw) {
    if (model.disks().size() >= MOST_DISKS || !room()) {
      return null;
    }
    List<PoolModel.Node> snapshots = model.snapshots(disk);
    String from = snapshots.isEmpty() || random.nextInt(3) == 0 ? null : pick(snapshots).name();
    if (draw < 81) {
      return model.virtual() ? new PoolOp.FastClone(disk, from, freeDisk()) : null;
    }
    if (draw < 84) {
      return new PoolOp.FullClone(disk, from, freeDisk());
    }
    return draw == 84 ? create() : fromElsewhere();
  }

  private PoolOp create() {
    int version = random.nextInt(5) == 0 ? 2 : 3;
    int cluster = 4096 << random.nextInt(5);
    boolean extended = version == 3 && cluster >= 16384 && random.nextInt(3) == 0;
    return new PoolOp.Create(freeDisk(), size(), cluster, extended, version);
  }

  private PoolOp fromElsewhere() {
    if (model.virtual() || !withQemu) {
      return new PoolOp.Import(freeDisk(), size(), ++writes);
    }
    String options =
        pick(
            List.of(
                "compat=0.10",
                "compat=1.1,cluster_size=4k",
                "compat=1.1,cluster_size=16k,extended_l2=on",
                "compat=1.1,lazy_refcounts=on",
                "compat=1.1,refcount_bits=64"));
    return new PoolOp.Register(freeDisk(), size(), ++writes, options);
  }

  private PoolOp rare(int draw) {
    return switch (draw) {
      case 90 -> new PoolOp.Collect();
      case 91 -> new PoolOp.Reopen();
      case 92 -> model.virtual() ? new PoolOp.MovePool() : new PoolOp.Reopen();
      default -> new PoolOp.LoseCatalog();
    };
  }

  /// Another program's turn, in external pools.
  private @Nullable PoolOp meddle(String disk) {
    if (model.virtual() || !withQemu) {
      return null;
    }
    List<PoolModel.Node> snapshots = model.snapshots(disk);
    int draw = random.nextInt(4);
    if (snapshots.isEmpty() || draw == 0) {
      return room() ? new PoolOp.Qemu(disk, "-c", freeSnapshot(disk)) : null;
    }
    return new PoolOp.Qemu(disk, draw == 1 ? "-d" : "-a", pick(snapshots).name());
  }

  private PoolOp guest(String disk) {
    GuestOps ops =
        new GuestOps(random, model.active(disk).content().size(), 1L << random.nextInt(12, 17));
    while (true) {
      switch (ops.next()) {
        case GuestOp.Write(long at, int length, _) -> {
          return new PoolOp.Write(disk, at, length, ++writes);
        }
        case GuestOp.Zero(long at, long length, _) -> {
          return new PoolOp.Zero(disk, at, length);
        }
        case GuestOp.Discard(long at, long length) -> {
          return new PoolOp.Discard(disk, at, length);
        }
        default -> {}
      }
    }
  }

  private long size() {
    return random.nextBoolean()
        ? random.nextLong(LEAST_SIZE / SECTOR, MOST_SIZE / SECTOR + 1) * SECTOR
        : (1L + random.nextInt(4)) << 20;
  }

  private boolean room() {
    return model.nodes().size() < MOST_NODES;
  }

  /// Few names, so that they are used again after they were free.
  private String freeDisk() {
    return pick(Stream.of("d", "e", "f", "g", "h", "i").filter(name -> !model.has(name)).toList());
  }

  private String freeSnapshot(String disk) {
    List<String> taken = model.snapshots(disk).stream().map(PoolModel.Node::name).toList();
    return pick(
        IntStream.range(1, MOST_NODES + 4)
            .mapToObj(i -> "s" + i)
            .filter(name -> !taken.contains(name))
            .toList());
  }

  private <T> T pick(java.util.Collection<T> from) {
    return new ArrayList<>(from).get(random.nextInt(from.size()));
  }
}
