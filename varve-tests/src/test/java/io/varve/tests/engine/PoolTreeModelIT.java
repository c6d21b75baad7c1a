// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import io.varve.testkit.QemuTools;
import io.varve.testkit.SeededTest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.io.TempDir;

/// Random histories of pools, compared with the oracle after each step: the disk that the step
/// touched, its snapshot, its tree. At the end everything is compared, rescanned and compared
/// again, and QEMU is asked.
class PoolTreeModelIT {
  private static final int LEAST_STEPS = 8;
  private static final int MOST_STEPS = 24;

  @SeededTest(120)
  void aVirtualPoolIsWhatItsHistorySays(
      RandomGenerator random, @TempDir(factory = MemoryFolder.class) Path root) throws IOException {
    run(true, random, root);
  }

  @SeededTest(120)
  void anExternalPoolIsWhatItsHistorySays(
      RandomGenerator random, @TempDir(factory = MemoryFolder.class) Path root) throws IOException {
    run(false, random, root);
  }

  private static void run(boolean virtual, RandomGenerator random, Path root) throws IOException {
    PoolModel model = new PoolModel(virtual);
    PoolOps ops = new PoolOps(random, model);
    List<PoolOp> taken = new ArrayList<>();
    try (PoolBed bed = bed(root, virtual, random)) {
      PoolAudit audit = new PoolAudit(bed, model);
      int steps = random.nextInt(LEAST_STEPS, MOST_STEPS);
      for (int step = 0; step < steps; step++) {
        PoolOp op = ops.next();
        taken.add(op);
        if (bed.apply(op)) {
          model.apply(op, bed);
        }
        verify(op, model, audit);
      }
      audit.everything();
      bed.rescan();
      audit.everything();
      if (QemuTools.installed().isPresent()) {
        audit.askQemu();
      }
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError("after\n" + PoolOp.text(taken) + "\n" + e, e);
    }
  }

  /// Most catalogs are in memory, where a history takes half the time.
  private static PoolBed bed(Path root, boolean virtual, RandomGenerator random)
      throws IOException {
    AtomicLong time = new AtomicLong(1_800_000_000_000L);
    return random.nextInt(6) == 0
        ? PoolBed.onDisk(root, virtual, () -> Instant.ofEpochMilli(time.addAndGet(1000)))
        : PoolBed.inMemory(root, virtual, () -> Instant.ofEpochMilli(time.addAndGet(1000)));
  }

  /// What the step touched; after a step that touches all, all.
  private static void verify(PoolOp op, PoolModel model, PoolAudit audit) throws IOException {
    if (!(op instanceof PoolOp.OnDisk verb)) {
      audit.everything();
      return;
    }
    if (model.has(verb.disk())) {
      audit.shape(verb.disk());
      audit.content(verb.disk(), null);
    }
    switch (op) {
      case PoolOp.Snapshot(String disk, String name) -> audit.content(disk, name);
      case PoolOp.Revert(String disk, String name, String keepAs) -> {
        audit.content(disk, name);
        if (keepAs != null) {
          audit.content(disk, keepAs);
        }
      }
      case PoolOp.FastClone(_, _, String made) -> touched(made, audit);
      case PoolOp.FullClone(_, _, String made) -> touched(made, audit);
      case PoolOp.DeleteSnapshot _, PoolOp.DeleteDisk _ -> audit.everything();
      default -> {}
    }
  }

  private static void touched(String disk, PoolAudit audit) throws IOException {
    audit.shape(disk);
    audit.content(disk, null);
  }
}
