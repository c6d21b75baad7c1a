// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.bench;

import io.varve.cli.text.Elapsed;
import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.Varve;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Measures what a storage snapshot takes on a disk of 1 GiB and on one of 1 TiB, in turn, so that
/// a noisy machine is noisy for both; `qemu-img create -b` on the same files beside it.
public final class RowSnapshotBench {
  private static final String POOL = "bench";
  private static final int WRITES = 1024;
  private static final int WRITE_BYTES = 64 << 10;

  /// One size of disk and its times.
  private record Subject(String name, long size, List<Duration> varve, List<Duration> qemu) {
    static Subject of(String name, long size) {
      return new Subject(name, size, new ArrayList<>(), new ArrayList<>());
    }
  }

  private final Varve varve;
  private final Path folder;
  private final Optional<Path> qemuImg;

  /// @param folder an empty folder for a pool; the caller deletes it
  /// @param qemuImg the program, where there is one
  public RowSnapshotBench(Varve varve, Path folder, Optional<Path> qemuImg) {
    this.varve = varve;
    this.folder = folder;
    this.qemuImg = qemuImg;
  }

  /// Returns the lines of a Markdown table.
  public List<String> run(int rounds) throws IOException {
    List<Subject> subjects = List.of(Subject.of("1 GiB", 1L << 30), Subject.of("1 TiB", 1L << 40));
    varve.pools().create(PoolSpec.virtual(POOL, folder.resolve("pool")));
    for (Subject subject : subjects) {
      fill(subject);
    }
    for (int round = 0; round < rounds; round++) {
      for (Subject subject : subjects) {
        measure(subject, round);
      }
    }
    return table(subjects, rounds);
  }

  private static DiskAddress address(Subject subject) {
    return DiskAddress.disk(POOL, subject.name.replace(" ", ""));
  }

  /// Data all over the disk, so that its whole index is in use.
  private void fill(Subject subject) {
    DiskAddress disk = address(subject);
    varve.disks().create(POOL, disk.disk(), DiskSpec.of(subject.size));
    try (DiskSession session = varve.data().open(disk, true)) {
      ByteBuffer block = ByteBuffer.allocate(WRITE_BYTES);
      for (int i = 0; i < WRITES; i++) {
        block.clear().put(0, (byte) (i + 1));
        session.write(subject.size / WRITES * i, block);
      }
    }
  }

  private void measure(Subject subject, int round) throws IOException {
    DiskAddress disk = address(subject);
    if (qemuImg.isPresent()) {
      Path base = varve.disks().show(disk).file();
      Path overlay = folder.resolve("overlay.qcow2");
      long start = System.nanoTime();
      Programs.run(
          qemuImg.get(), "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", overlay);
      subject.qemu.add(Elapsed.since(start));
    }
    long start = System.nanoTime();
    varve.snapshots().create(disk, "s" + round, SnapshotKindChoice.STORAGE);
    subject.varve.add(Elapsed.since(start));
  }

  private List<String> table(List<Subject> subjects, int rounds) {
    List<String> lines = new ArrayList<>();
    lines.add("| disk | varve snapshot, median of %d | lowest | highest |".formatted(rounds));
    lines.add("|---|---|---|---|");
    subjects.forEach(s -> lines.add(row(s.name, s.varve)));
    lines.add("| ratio 1 TiB to 1 GiB | %s | | |".formatted(ratio(subjects, true)));
    if (qemuImg.isPresent()) {
      subjects.forEach(s -> lines.add(row(s.name + ", qemu-img create -b", s.qemu)));
      lines.add("| ratio, qemu-img | %s | | |".formatted(ratio(subjects, false)));
    }
    return lines;
  }

  private static String row(String name, List<Duration> times) {
    List<Duration> sorted = times.stream().sorted().toList();
    return "| %s | %s | %s | %s |"
        .formatted(
            name,
            Elapsed.human(sorted.get(sorted.size() / 2)),
            Elapsed.human(sorted.getFirst()),
            Elapsed.human(sorted.getLast()));
  }

  private static String ratio(List<Subject> subjects, boolean ours) {
    double[] medians =
        subjects.stream()
            .map(s -> ours ? s.varve : s.qemu)
            .mapToDouble(t -> t.stream().sorted().toList().get(t.size() / 2).toNanos())
            .toArray();
    return String.format(Locale.ROOT, "%.2f", medians[1] / medians[0]);
  }
}
