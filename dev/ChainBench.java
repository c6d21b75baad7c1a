// SPDX-License-Identifier: Apache-2.0

import io.varve.image.BackingReference;
import io.varve.image.GuestOffset;
import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Makes chains and reads them, for `dev/bench-chain`.
///
/// - `make FOLDER DEPTH SIZE LAYER-BYTES PIECE DATA`: a disk of SIZE bytes; the base is written
///   whole if DATA is `full`, and each layer above writes LAYER-BYTES in pieces of PIECE bytes
///   anywhere. `tables`: no data is written, the tables alone (the data are holes).
/// - `reads ROUNDS READS TOP...`: 4 KiB random reads a second, in turn; medians.
/// - `stride READS STEP TOP`: as `qemu-img bench -S STEP` reads.
/// - `open TOP`: milliseconds from the opening to the end of the first read, and of the second
///   opening in the same process.
/// - `memory READS SEED TOP`: resident MiB after random reads.
final class ChainBench {
  private static final int BLOCK = 4096;
  private static final int WARM_READS = 1_000_000;
  private static final long DATA_MARK = 0x5641525645444154L;

  private ChainBench() {}

  public static void main(String[] words) throws IOException {
    switch (words[0]) {
      case "make" ->
          make(
              Path.of(words[1]),
              Integer.parseInt(words[2]),
              Long.parseLong(words[3]),
              Long.parseLong(words[4]),
              Integer.parseInt(words[5]),
              words[6]);
      case "reads" ->
          reads(
              Integer.parseInt(words[1]),
              Integer.parseInt(words[2]),
              Arrays.copyOfRange(words, 3, words.length));
      case "stride" ->
          stride(Integer.parseInt(words[1]), Long.parseLong(words[2]), Path.of(words[3]));
      case "open" -> open(Path.of(words[1]));
      case "memory" -> memory(Integer.parseInt(words[1]), Path.of(words[2]));
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  /// Drops what is marked as data: a file then has its tables, and holes for data.
  private static final class TablesOnly extends ForwardingStorage {
    TablesOnly(Storage inner) {
      super(inner);
    }

    @Override
    public void write(long position, ByteBuffer src) throws IOException {
      boolean data = src.remaining() >= 8 && src.getLong(src.position()) == DATA_MARK;
      if (!data) {
        super.write(position, src);
        return;
      }
      long end = position + src.remaining();
      src.position(src.limit());
      if (size() < end) {
        truncate(end);
      }
    }
  }

  private static ChainOptions options(boolean writable, boolean tables) {
    ChainOptions options =
        writable
            ? ChainOptions.readWrite(OpenGate.anyPlainFile())
            : ChainOptions.readOnly(OpenGate.anyPlainFile());
    return (tables ? options.withWrap(TablesOnly::new) : options).withMaxDepth(4096);
  }

  private static Path layer(Path folder, int number) {
    return folder.resolve("%05d.qcow2".formatted(number));
  }

  private static void create(Path file, long size, Path base) throws IOException {
    BackingReference backing =
        base == null ? null : new BackingReference(base.getFileName().toString(), "qcow2");
    try (FileStorage storage = FileStorage.create(file, LockMode.WRITER)) {
      Qcow2Create.create(storage, Qcow2CreateOptions.ofSize(size).withBacking(backing));
    }
  }

  private static void make(
      Path folder, int depth, long size, long bytes, int piece, String data) throws IOException {
    Files.createDirectories(folder);
    boolean tables = data.equals("tables");
    SplittableRandom random = new SplittableRandom(7);
    create(layer(folder, 1), size, null);
    Chain chain = Chain.open(layer(folder, 1), LayerFormat.QCOW2, options(true, tables));
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    if (data.equals("full")) {
      for (long at = 0; at < size; at += 1 << 20) {
        random(buffer, random);
        chain.write(GuestOffset.of(at), buffer);
      }
    }
    // One layer gets what a thousand would.
    int layers = Math.max(depth, 1);
    long each = depth == 1 ? bytes * 1000 : bytes;
    for (int number = 1; number <= layers; number++) {
      if (number > 1) {
        create(layer(folder, number), size, layer(folder, number - 1));
        chain.addOverlay(layer(folder, number));
      }
      for (long done = 0; done < each; done += piece) {
        random(buffer, random);
        buffer.limit(piece);
        if (tables) {
          mark(buffer);
        }
        chain.write(GuestOffset.of(random.nextLong(size / piece) * piece), buffer);
      }
    }
    chain.close();
  }

  private static void mark(ByteBuffer buffer) {
    for (int i = 0; i < buffer.limit(); i += 4096) {
      buffer.putLong(i, DATA_MARK);
    }
  }

  private static void random(ByteBuffer buffer, SplittableRandom random) {
    buffer.clear();
    long word = random.nextLong();
    for (int i = 0; i < buffer.capacity(); i += 8) {
      buffer.putLong(i, word++);
    }
  }

  private static void reads(int rounds, int count, String[] tops) throws IOException {
    Chain[] chains = new Chain[tops.length];
    double[][] rates = new double[tops.length][rounds];
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    for (int i = 0; i < tops.length; i++) {
      chains[i] = Chain.open(Path.of(tops[i]), LayerFormat.QCOW2, options(false, false));
      // The page cache is filled by the same random reads for each.
      run(chains[i], WARM_READS, 1, block);
    }
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < tops.length; i++) {
        long start = System.nanoTime();
        run(chains[i], count, 100 + round, block);
        rates[i][round] = count * 1e9 / (System.nanoTime() - start);
      }
    }
    double first = 0;
    for (int i = 0; i < tops.length; i++) {
      Arrays.sort(rates[i]);
      double median = rates[i][rounds / 2];
      first = i == 0 ? median : first;
      System.out.printf(
          "%s depth %d: %.0f reads a second (%.0f to %.0f), ratio %.3f%n",
          tops[i], chains[i].depth(), median, rates[i][0], rates[i][rounds - 1], median / first);
    }
  }

  private static void run(Chain chain, int count, long seed, ByteBuffer block) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    long blocks = chain.size() / BLOCK;
    for (int i = 0; i < count; i++) {
      chain.read(GuestOffset.of(random.nextLong(blocks) * BLOCK), block.clear());
    }
  }

  private static void stride(int count, long step, Path top) throws IOException {
    try (Chain chain = Chain.open(top, LayerFormat.QCOW2, options(false, false))) {
      ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
      for (int round = 0; round < 4; round++) {
        long start = System.nanoTime();
        long at = 0;
        for (int i = 0; i < count; i++) {
          chain.read(GuestOffset.of(at), block.clear());
          at += step;
          at = at + BLOCK > chain.size() ? 0 : at;
        }
        System.out.printf(
            "depth %d: %.0f reads a second%n",
            chain.depth(), count * 1e9 / (System.nanoTime() - start));
      }
    }
  }

  private static void open(Path top) throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    for (int round = 0; round < 5; round++) {
      long start = System.nanoTime();
      try (Chain chain = Chain.open(top, LayerFormat.QCOW2, options(false, false))) {
        long opened = System.nanoTime();
        chain.read(GuestOffset.of(chain.size() / 2), block.clear());
        long end = System.nanoTime();
        System.out.printf(
            "depth %d: opened %.1f ms, first read %.1f ms%n",
            chain.depth(), (opened - start) / 1e6, (end - opened) / 1e6);
      }
    }
  }

  private static void memory(int count, Path top) throws IOException {
    try (Chain chain = Chain.open(top, LayerFormat.QCOW2, options(false, false))) {
      ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
      status("opened, depth " + chain.depth());
      run(chain, count, 1, block);
      status("after " + count + " reads");
      System.gc();
      status("after a collection");
    }
  }

  private static void status(String when) throws IOException {
    Runtime java = Runtime.getRuntime();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS")) {
        System.out.printf(
            "%s: resident %d MiB, of it heap in use %d MiB%n",
            when,
            Long.parseLong(line.replaceAll("[^0-9]", "")) >> 10,
            (java.totalMemory() - java.freeMemory()) >> 20);
      }
    }
  }
}
