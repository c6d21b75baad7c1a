// SPDX-License-Identifier: Apache-2.0

import io.varve.catalog.SqliteCatalog;
import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.EngineConfig;
import io.varve.engine.Varve;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// What depth costs through the engine, for `dev/bench-depth`.
///
/// - `make FOLDER DEPTH SIZE WRITES`: a disk with DEPTH storage snapshots, WRITES random writes of
///   4 KiB before each; prints what the first and the last ones cost.
/// - `open FOLDER ROUNDS`: opens and reads 4 KiB, by turns a disk of one layer and that disk; then
///   the same without the side file.
final class DepthBench {
  private static final int BLOCK = 4096;
  private static final DiskAddress DEEP = DiskAddress.disk("p", "deep");
  private static final DiskAddress FLAT = DiskAddress.disk("p", "flat");
  private static final int SAMPLE = 50;

  private DepthBench() {}

  public static void main(String[] words) throws IOException {
    Path folder = Path.of(words[1]);
    Path home = Files.createDirectories(folder.resolve("home"));
    try (Varve varve =
        Varve.open(EngineConfig.of(home, SqliteCatalog.open(home.resolve("catalog.db"))))) {
      if (words[0].equals("make")) {
        make(varve, folder, Arrays.stream(words).skip(2).mapToLong(Long::parseLong).toArray());
      } else {
        open(varve, folder, Integer.parseInt(words[2]));
      }
    }
  }

  private static void make(Varve varve, Path folder, long[] numbers) throws IOException {
    int depth = (int) numbers[0];
    varve.pools().create(PoolSpec.virtual("p", folder.resolve("pool")));
    varve.disks().create("p", "flat", DiskSpec.of(numbers[1]));
    varve.disks().create("p", "warm", DiskSpec.of(numbers[1]));
    SplittableRandom random = new SplittableRandom(7);
    write(varve, FLAT, numbers[2], random);
    // Snapshots of another disk first, so that the first ones of this do not pay for the start.
    for (int i = 0; i < SAMPLE; i++) {
      write(varve, DiskAddress.disk("p", "warm"), numbers[2], random);
      snapshot(varve, DiskAddress.disk("p", "warm"), i, new double[2]);
    }
    varve.disks().create("p", "deep", DiskSpec.of(numbers[1]));
    double[][] costs = new double[depth][2];
    for (int i = 0; i < depth; i++) {
      write(varve, DEEP, numbers[2], random);
      snapshot(varve, DEEP, i, costs[i]);
    }
    write(varve, DEEP, numbers[2], random);
    print("first " + SAMPLE, costs, 0);
    print("last " + SAMPLE, costs, depth - SAMPLE);
    System.out.printf("side files: %d bytes%n", bytesIn(folder.resolve("pool/index")));
  }

  private static void print(String which, double[][] costs, int from) {
    double[][] part = Arrays.copyOfRange(costs, from, from + SAMPLE);
    System.out.printf(
        "%s snapshots: median %.2f ms, %.0f bytes written (the very %s: %.0f)%n",
        which,
        median(Arrays.stream(part).mapToDouble(c -> c[0]).toArray()),
        median(Arrays.stream(part).mapToDouble(c -> c[1]).toArray()),
        which.substring(0, which.indexOf(' ')),
        costs[from == 0 ? 0 : costs.length - 1][1]);
  }

  private static void write(Varve varve, DiskAddress disk, long count, SplittableRandom random) {
    try (DiskSession session = varve.data().open(disk, true)) {
      for (int i = 0; i < count; i++) {
        byte[] bytes = new byte[BLOCK];
        random.nextBytes(bytes);
        session.write(random.nextLong(session.size() / BLOCK) * BLOCK, ByteBuffer.wrap(bytes));
      }
      session.flush();
    }
  }

  private static void snapshot(Varve varve, DiskAddress disk, int number, double[] cost)
      throws IOException {
    long before = written();
    long start = System.nanoTime();
    varve.snapshots().create(disk, "s" + number, SnapshotKindChoice.STORAGE);
    cost[0] = (System.nanoTime() - start) / 1e6;
    cost[1] = written() - before;
  }

  private static void open(Varve varve, Path folder, int rounds) throws IOException {
    SplittableRandom random = new SplittableRandom(11);
    double[] flat = new double[rounds];
    double[] deep = new double[rounds];
    for (int warm = 0; warm < 200; warm++) {
      openAndRead(varve, FLAT, random);
      openAndRead(varve, DEEP, random);
    }
    for (int i = 0; i < rounds; i++) {
      flat[i] = openAndRead(varve, FLAT, random);
      deep[i] = openAndRead(varve, DEEP, random);
    }
    System.out.printf("open and first read: depth 1 %.2f ms, deep %.2f ms%n", median(flat), median(deep));
    double[] without = new double[5];
    for (int i = 0; i < without.length; i++) {
      try (Stream<Path> files = Files.list(folder.resolve("pool/index"))) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      without[i] = openAndRead(varve, DEEP, random);
    }
    System.out.printf(
        "without the side file, which is made anew: median %.0f ms, the first %.0f ms%n",
        median(without), without[0]);
  }

  private static double openAndRead(Varve varve, DiskAddress disk, SplittableRandom random) {
    ByteBuffer bytes = ByteBuffer.allocate(BLOCK);
    long start = System.nanoTime();
    try (DiskSession session = varve.data().open(disk, false)) {
      session.read(random.nextLong(session.size() / BLOCK) * BLOCK, bytes);
      return (System.nanoTime() - start) / 1e6;
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /// Bytes that this process has handed to write calls.
  private static long written() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc/self/io"));
    String line = lines.stream().filter(l -> l.startsWith("wchar:")).findFirst().orElseThrow();
    return Long.parseLong(line.substring(6).strip());
  }

  private static long bytesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }
}
