// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.NotFoundException;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DiskView;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SeededTest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/// Another process takes the steps of a random history and is killed (SIGKILL) in the midst of one;
/// then this one opens the pool. Every step that was acknowledged is there, byte for byte; the one
/// that was not is there as a whole or not at all (of a write: each sector); no file is left over
/// and QEMU finds no fault. The history goes on in the next process.
class VerbKillIT {
  private static final int KILLS = 3;
  private static final int MOST_STEPS_BEFORE = 12;
  private static final int SECTOR = 512;

  @SeededTest(2)
  void aVirtualPoolSurvivesTheKill(RandomGenerator random, @TempDir Path root) throws IOException {
    run(true, random, root);
  }

  @SeededTest(2)
  void anExternalPoolSurvivesTheKill(RandomGenerator random, @TempDir Path root)
      throws IOException {
    run(false, random, root);
  }

  private static void run(boolean virtual, RandomGenerator random, Path root) throws IOException {
    PoolModel model = new PoolModel(virtual);
    PoolOps ops = new PoolOps(random, model);
    List<PoolOp> taken = new ArrayList<>();
    try {
      for (int kill = 0; kill < KILLS; kill++) {
        PoolOp cut = null;
        try (KilledProcess child = KilledProcess.start(root, virtual)) {
          int steps = random.nextInt(1, MOST_STEPS_BEFORE);
          for (int step = 0; step < steps; step++) {
            PoolOp op = ops.nextVerb();
            taken.add(op);
            child.take(op, model);
          }
          PoolOp last = longVerb(ops);
          taken.add(last);
          cut = child.takeAndKill(last, model, random.nextDouble()) ? null : last;
        }
        try (PoolBed bed = PoolBed.onDisk(root, virtual, InstantSource.system())) {
          model = recovered(bed, model, cut);
        }
        ops.model(model);
      }
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError("after\n" + PoolOp.text(taken) + "\n" + e, e);
    }
  }

  /// Rather a verb of several steps than another write.
  private static PoolOp longVerb(PoolOps ops) {
    PoolOp op = ops.nextVerb();
    return op instanceof PoolOp.Write || op instanceof PoolOp.Zero ? ops.nextVerb() : op;
  }

  /// What the pool is after the kill.
  ///
  /// @param cut the step that nobody knows the end of, or null
  private static PoolModel recovered(PoolBed bed, PoolModel before, @Nullable PoolOp cut)
      throws IOException {
    useEverything(bed);
    PoolModel found = cut == null ? before : outcome(bed, before, cut);
    bed.varve().pools().collect(PoolBed.POOL);
    found.collect(true);
    PoolAudit audit = new PoolAudit(bed, found);
    audit.everything();
    bed.rescan();
    audit.everything();
    if (QemuTools.installed().isPresent()) {
      audit.mend(!(cut == null || movesData(cut)));
      audit.askQemu();
    }
    return found;
  }

  /// Touches each disk, so that the journal is dealt with.
  private static void useEverything(PoolBed bed) {
    bed.varve().disks().create(PoolBed.POOL, "wake-up", DiskSpec.of(SECTOR));
    bed.varve().disks().delete(PoolBed.at("wake-up"), false);
    for (DiskView disk : bed.varve().disks().list(PoolBed.POOL)) {
      try {
        bed.varve().data().where(PoolBed.at(disk.name()), 0, SECTOR);
      } catch (NotFoundException e) {
        assertThat(bed.varve().disks().list(PoolBed.POOL))
            .as("disks that are gone")
            .noneMatch(d -> d.id().equals(disk.id()));
      }
    }
  }

  /// Steps that write clusters; one that is cut may have taken some that nothing refers to yet.
  private static boolean movesData(PoolOp op) {
    return !(op instanceof PoolOp.Snapshot || op instanceof PoolOp.FastClone);
  }

  /// Finds out what became of the step: none of it, or all of it.
  private static PoolModel outcome(PoolBed bed, PoolModel before, PoolOp cut) throws IOException {
    PoolModel after = before.copy();
    switch (cut) {
      case PoolOp.Write(String disk, long at, int length, _) -> {
        after.apply(cut, bed);
        adopt(bed, before, after, disk, at, length);
        return after;
      }
      case PoolOp.Zero(String disk, long at, long length) -> {
        after.apply(cut, bed);
        adopt(bed, before, after, disk, at, length);
        return after;
      }
      default -> {}
    }
    boolean done = happened(bed, before, cut);
    if (done) {
      after.apply(cut, new AfterKill(bed));
    } else {
      firstOfTwo(bed, after, cut);
    }
    return after;
  }

  /// A fast clone of a disk takes a snapshot first, and a compute revert that keeps what was takes
  /// one, too: verbs of their own, after which the kill may come. Then the snapshot stays.
  private static void firstOfTwo(PoolBed bed, PoolModel after, PoolOp cut) throws IOException {
    if (cut instanceof PoolOp.FastClone(String disk, String snapshot, _) && snapshot == null) {
      String taken = bed.lastAutomatic(disk);
      if (after.snapshots(disk).stream().noneMatch(n -> n.name().equals(taken))
          && !taken.isEmpty()) {
        after.apply(new PoolOp.Snapshot(disk, taken), bed);
      }
    }
    if (cut instanceof PoolOp.Revert(String disk, _, String keepAs)
        && keepAs != null
        && hasSnapshot(bed, disk, keepAs)) {
      assertThat(after.virtual()).as("a virtual pool reverts in one verb").isFalse();
      after.apply(new PoolOp.Snapshot(disk, keepAs), bed);
    }
  }

  /// One look at the pool that tells before from after; the audit compares all the rest.
  private static boolean happened(PoolBed bed, PoolModel before, PoolOp cut) {
    return switch (cut) {
      case PoolOp.Create(String disk, _, _, _, _) -> exists(bed, disk);
      case PoolOp.Import(String disk, _, _) -> exists(bed, disk);
      case PoolOp.Register(String disk, _, _, _) -> exists(bed, disk);
      case PoolOp.FastClone(_, _, String made) -> exists(bed, made);
      case PoolOp.FullClone(_, _, String made) -> exists(bed, made);
      case PoolOp.DeleteDisk(String disk) -> !exists(bed, disk);
      case PoolOp.Snapshot(String disk, String name) -> hasSnapshot(bed, disk, name);
      case PoolOp.DeleteSnapshot(String disk, String name) -> !hasSnapshot(bed, disk, name);
      case PoolOp.Resize(String disk, long size) ->
          bed.varve().disks().show(PoolBed.at(disk)).size() == size
              && before.active(disk).content().size() != size;
      case PoolOp.Revert(String disk, String name, String keepAs) ->
          name.equals(bed.varve().disks().show(PoolBed.at(disk)).parent())
              && (keepAs == null || hasSnapshot(bed, disk, keepAs))
              && Arrays.equals(
                  allBytes(bed.read(disk, null)), allBytes(before.snapshot(disk, name).content()));
      default -> throw new AssertionError(cut);
    };
  }

  private static byte[] allBytes(ReferenceDisk disk) {
    return disk.bytes(0, Math.toIntExact(disk.size()));
  }

  private static boolean exists(PoolBed bed, String disk) {
    return bed.varve().disks().list(PoolBed.POOL).stream().anyMatch(d -> d.name().equals(disk));
  }

  private static boolean hasSnapshot(PoolBed bed, String disk, String name) {
    return bed.varve().snapshots().list(PoolBed.at(disk)).stream()
        .anyMatch(s -> s.name().equals(name));
  }

  /// Each sector of the range is as before or as after; what the disk reads as is what counts.
  private static void adopt(
      PoolBed bed, PoolModel before, PoolModel after, String disk, long from, long length) {
    ReferenceDisk old = before.active(disk).content();
    ReferenceDisk written = after.active(disk).content().copy();
    ReferenceDisk found = bed.read(disk, null);
    for (long at = from / SECTOR * SECTOR; at < from + length; at += SECTOR) {
      int part = (int) Math.min(SECTOR, old.size() - at);
      byte[] now = found.bytes(at, part);
      if (!Arrays.equals(now, written.bytes(at, part))) {
        assertThat(now).as("sector at %d of %s", at, disk).isEqualTo(old.bytes(at, part));
        written.write(at, java.nio.ByteBuffer.wrap(now));
      }
    }
    after.adopt(disk, written);
  }
}
