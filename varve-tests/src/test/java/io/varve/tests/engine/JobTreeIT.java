// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.EngineConfig;
import io.varve.engine.ProgressListener;
import io.varve.engine.StepHook;
import io.varve.engine.Varve;
import io.varve.engine.catalog.Catalog;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.DeletePreview;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotView;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.QemuTools;
import io.varve.testkit.SeededTest;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/// Random trees of disks, snapshots and clones, of which random sets of snapshots are deleted while
/// jobs are run, cut by crashes between and inside their steps, or left for later, and sessions
/// that were opened before go on reading and writing. Every node reads as the reference at every
/// moment; an uncut delete frees and moves what its preview said; in the end no file is left over
/// and QEMU finds no fault.
class JobTreeIT {
  private static final int STEPS = 30;
  private static final int LONG = 36;

  /// A new file leaves holes in its header, its L1 table and its counts, one page of which each may
  /// be written when it is merged into.
  private static final int FIXED_TABLES = 4 * 4096;

  private static final int BLOCK = 64 << 10;
  private static final int SIZE = 24 * BLOCK;
  private static final String POOL = "p";

  /// The program dies here.
  private static final class Crash extends Error {
    private static final long serialVersionUID = 1L;
  }

  private final Catalog catalog = new MemoryCatalog();
  private final AtomicLong time = new AtomicLong(1_800_000_000_000L);
  private final Map<DiskAddress, byte[]> reference = new HashMap<>();
  private final List<String> story = new ArrayList<>();
  private RandomGenerator random;
  private Path root;
  private Varve varve;
  private int names;

  @SeededTest(60)
  void whateverIsDeletedAndHoweverJobsAreCutEveryNodeReadsAsBefore(
      RandomGenerator seeded, @TempDir(factory = MemoryFolder.class) Path folder)
      throws IOException {
    random = seeded;
    root = folder;
    Files.createDirectories(root.resolve("home"));
    varve = open(StepHook.NONE, ProgressListener.NONE);
    varve.pools().create(PoolSpec.virtual(POOL, root.resolve("pool")));
    try {
      create();
      if (random.nextInt(8) == 0) {
        growLong();
      }
      for (int step = 0; step < STEPS; step++) {
        step();
      }
      end();
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError("after\n  " + String.join("\n  ", story) + "\n" + e, e);
    }
  }

  private Varve open(StepHook steps, ProgressListener progress) {
    return Varve.open(
        EngineConfig.of(root.resolve("home"), catalog)
            .withClock(() -> Instant.ofEpochMilli(time.addAndGet(1000)))
            .withLockWait(Duration.ofMillis(1))
            .withProgress(progress)
            .withSteps(steps));
  }

  private void create() {
    DiskAddress disk = DiskAddress.disk(POOL, "d" + ++names);
    varve.disks().create(POOL, disk.disk(), DiskSpec.of(SIZE));
    reference.put(disk, new byte[SIZE]);
    story.add("create " + disk);
  }

  /// A chain so long that it is read by a side file, and not all of its layers are held open.
  private void growLong() {
    for (int i = 0; i < LONG; i++) {
      write(disks().getFirst());
      snapshot(disks().getFirst());
    }
  }

  private void step() throws IOException {
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> write(pick(disks()));
      case 3, 4 -> snapshot(pick(disks()));
      case 5 -> revert();
      case 6 -> cloneOne();
      case 7, 8 -> delete();
      default -> runCut();
    }
    verify();
  }

  private List<DiskAddress> disks() {
    return sorted().filter(address -> address.snapshot() == null).toList();
  }

  private List<DiskAddress> snapshots() {
    return sorted().filter(address -> address.snapshot() != null).toList();
  }

  private Stream<DiskAddress> sorted() {
    return reference.keySet().stream().sorted(Comparator.comparing(DiskAddress::toString));
  }

  private DiskAddress pick(List<DiskAddress> of) {
    return of.get(random.nextInt(of.size()));
  }

  private void write(DiskAddress disk) {
    int at = random.nextInt(SIZE - 512);
    int length = Math.min(SIZE - at, random.nextInt(1, 4 * BLOCK));
    byte[] bytes = reference.get(disk).clone();
    try (DiskSession session = varve.data().open(disk, true)) {
      if (random.nextInt(5) == 0) {
        session.zero(at, length);
        Arrays.fill(bytes, at, at + length, (byte) 0);
      } else {
        ByteBuffer data = Stamp.data(at, length, ++names);
        data.duplicate().get(bytes, at, length);
        session.write(at, data);
      }
    }
    reference.put(disk, bytes);
    story.add("write " + disk + " " + at + "+" + length);
  }

  private void snapshot(DiskAddress disk) {
    DiskAddress made = disk.at("s" + ++names);
    varve.snapshots().create(disk, made.snapshot(), SnapshotKindChoice.AUTO);
    reference.put(made, reference.get(disk));
    story.add("snapshot " + made);
  }

  private void revert() {
    if (!snapshots().isEmpty()) {
      DiskAddress to = pick(snapshots());
      varve.snapshots().revert(to, null);
      reference.put(to.diskOnly(), reference.get(to));
      story.add("revert " + to);
    }
  }

  private void cloneOne() {
    if (!snapshots().isEmpty()) {
      DiskAddress from = pick(snapshots());
      DiskAddress made = DiskAddress.disk(POOL, "d" + ++names);
      varve.clones().fast(from, made.disk());
      reference.put(made, reference.get(from));
      story.add("clone " + from + " " + made);
    }
  }

  private void delete() throws IOException {
    if (snapshots().isEmpty()) {
      return;
    }
    DiskAddress one = pick(snapshots());
    List<DiskAddress> set =
        snapshots().stream()
            .filter(s -> s.diskOnly().equals(one.diskOnly()))
            .filter(s -> s.equals(one) || random.nextBoolean())
            .toList();
    boolean quiet = varve.jobs().list(POOL, false).isEmpty();
    DeletePreview preview = varve.snapshots().preview(set);
    story.add("delete " + set + ", " + (quiet ? "nothing pending" : "jobs pending"));
    long before = allocatedBytes();
    varve.snapshots().delete(set);
    set.forEach(reference::remove);
    verify();
    if (random.nextBoolean()) {
      return;
    }
    List<JobView> jobs = beside(one.diskOnly());
    if (quiet) {
      assertThat(jobs).as("jobs of %s", preview).allMatch(job -> job.state() == JobState.DONE);
      assertThat(jobs.stream().mapToLong(JobView::doneBytes).sum())
          .as("bytes moved, by %s", preview)
          .isEqualTo(preview.movedBytes());
      assertThat(before - allocatedBytes())
          .as("bytes freed, by %s", preview)
          .isBetween(preview.freedBytes() - FIXED_TABLES, preview.freedBytes());
    }
  }

  /// Runs the jobs while a session that was opened before reads on.
  private List<JobView> beside(DiskAddress disk) throws IOException {
    List<SnapshotView> left = varve.snapshots().list(disk);
    if (left.isEmpty()) {
      return varve.jobs().runAll(POOL);
    }
    DiskAddress read = disk.at(left.get(random.nextInt(left.size())).name());
    story.add("run jobs beside " + read);
    List<JobView> jobs;
    try (DiskSession session = varve.data().open(read, false);
        Varve other = open(StepHook.NONE, (_, _, _) -> requireReads(session, read))) {
      jobs = other.jobs().runAll(POOL);
      requireReads(session, read);
    }
    // What a session of another program held up.
    varve.jobs().runAll(POOL);
    return jobs.stream().map(job -> varve.jobs().show(job.id().toString())).toList();
  }

  private void requireReads(DiskSession session, DiskAddress address) {
    ByteBuffer all = ByteBuffer.allocate(SIZE);
    session.read(0, all);
    assertThat(all.array()).as("%s", address).isEqualTo(reference.get(address));
  }

  /// Another program runs jobs and dies, in a step or while data moves.
  private void runCut() {
    AtomicInteger left = new AtomicInteger(random.nextInt(12));
    story.add("run jobs, cut after " + left);
    Runnable cut =
        () -> {
          if (left.getAndDecrement() == 0) {
            throw new Crash();
          }
        };
    try {
      open((_, _) -> cut.run(), (_, _, _) -> cut.run()).jobs().runAll(POOL);
    } catch (Crash _) {
      assertThat(left.get()).isNegative();
    }
  }

  private void verify() {
    for (Map.Entry<DiskAddress, byte[]> entry : reference.entrySet()) {
      try (DiskSession session = varve.data().open(entry.getKey(), false)) {
        requireReads(session, entry.getKey());
      }
    }
  }

  private void end() throws IOException {
    varve.jobs().runAll(POOL);
    varve.pools().collect(POOL);
    verify();
    assertThat(varve.jobs().list(POOL, true)).allMatch(job -> job.state() == JobState.DONE);
    List<LayerRow> rows =
        catalog.inTransaction(tx -> tx.layersOfPool(tx.pool(POOL).orElseThrow().id()));
    assertThat(files().stream().map(file -> file.getFileName().toString()))
        .as("files")
        .containsExactlyInAnyOrderElementsOf(rows.stream().map(LayerRow::file).toList());
    assertThat(varve.pools().rescan(POOL).findings()).isEmpty();
    verify();
    if (QemuTools.installed().isPresent()) {
      for (Path file : files()) {
        QemuTools.require().check(file).assertClean();
      }
    }
    varve.close();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(root.resolve("pool/layers"))) {
      return files.filter(file -> file.toString().endsWith(".qcow2")).sorted().toList();
    }
  }

  private long allocatedBytes() throws IOException {
    long bytes = 0;
    for (Path file : files()) {
      try (FileStorage storage = FileStorage.open(file, FileAccess.READ_ONLY, LockMode.NONE)) {
        bytes += storage.allocatedBytes();
      }
    }
    return bytes;
  }
}
