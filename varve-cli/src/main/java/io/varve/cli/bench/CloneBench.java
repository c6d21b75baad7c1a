// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.bench;

import io.varve.cli.text.Elapsed;
import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.Varve;
import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Measures what many fast clones of one snapshot take, made in one go; as many runs of `qemu-img
/// create -b` on the same snapshot beside it, by turns.
public final class CloneBench {
  private static final String POOL = "bench";
  private static final DiskAddress DISK = DiskAddress.disk(POOL, "golden");
  private static final long SIZE = 100L << 30;
  private static final int WRITES = 1024;
  private static final int WRITE_BYTES = 64 << 10;

  private final Varve varve;
  private final Path folder;
  private final Optional<Path> qemuImg;
  private final List<Duration> ours = new ArrayList<>();
  private final List<Duration> theirs = new ArrayList<>();
  private long bytes;

  /// @param folder an empty folder for a pool; the caller deletes it
  /// @param qemuImg the program, where there is one
  public CloneBench(Varve varve, Path folder, Optional<Path> qemuImg) {
    this.varve = varve;
    this.folder = folder;
    this.qemuImg = qemuImg;
  }

  /// Returns the lines of a Markdown table.
  public List<String> run(int clones, int rounds) throws IOException {
    varve.pools().create(PoolSpec.virtual(POOL, folder.resolve("pool")));
    varve.disks().create(POOL, DISK.disk(), DiskSpec.of(SIZE));
    try (DiskSession session = varve.data().open(DISK, true)) {
      ByteBuffer block = ByteBuffer.allocate(WRITE_BYTES);
      for (int i = 0; i < WRITES; i++) {
        block.clear().put(0, (byte) (i + 1));
        session.write(SIZE / WRITES * i, block);
      }
    }
    Path base = varve.disks().show(DISK).file();
    varve.snapshots().create(DISK, "clean", SnapshotKindChoice.STORAGE);
    for (int round = 0; round < rounds; round++) {
      // What either side leaves unwritten must not count as the other's.
      Programs.run("sync");
      measure(clones, round);
      if (qemuImg.isPresent()) {
        Programs.run("sync");
        measureQemu(qemuImg.get(), base, clones, round);
      }
    }
    return table(clones, rounds);
  }

  private void measure(int clones, int round) {
    List<String> names = IntStream.range(0, clones).mapToObj(i -> "c" + round + "-" + i).toList();
    long start = System.nanoTime();
    List<CloneOutcome> made = varve.clones().fast(DISK.at("clean"), names);
    ours.add(Elapsed.since(start));
    bytes = made.stream().mapToLong(c -> c.disk().space().allocatedBytes()).sum();
  }

  private void measureQemu(Path program, Path base, int clones, int round) throws IOException {
    Path own = Files.createDirectories(folder.resolve("qemu" + round));
    long start = System.nanoTime();
    for (int i = 0; i < clones; i++) {
      Programs.run(
          program, "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", own.resolve("c" + i));
    }
    theirs.add(Elapsed.since(start));
  }

  private List<String> table(int clones, int rounds) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "| %d clones of one snapshot | first | median of %d | lowest | each |"
            .formatted(clones, rounds));
    lines.add("|---|---|---|---|---|");
    lines.add(row("varve, one call, durable", ours, clones));
    if (!theirs.isEmpty()) {
      lines.add(row("qemu-img create -b, one process each", theirs, clones));
    }
    lines.add("");
    lines.add("Host bytes of one clone: %d KiB.".formatted(bytes / clones / 1024));
    return lines;
  }

  private static String row(String name, List<Duration> times, int clones) {
    List<Duration> sorted = times.stream().sorted().toList();
    Duration median = sorted.get(sorted.size() / 2);
    return "| %s | %s | %s | %s | %s |"
        .formatted(
            name,
            Elapsed.human(times.getFirst()),
            Elapsed.human(median),
            Elapsed.human(sorted.getFirst()),
            Elapsed.human(median.dividedBy(clones)));
  }
}
