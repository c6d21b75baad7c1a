// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.BackingReference;
import io.varve.image.GuestOffset;
import io.varve.image.LayerFormat;
import io.varve.image.op.Progress;
import io.varve.image.op.PullOp;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.SeededTest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.io.TempDir;

/// Readers beside a writer, snapshots and merges, with few layers open and few pages in memory: a
/// read never shows less than what was written before it began, nor another block.
class ChainTrafficTest {
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 1500;
  private static final int READERS = 4;
  private static final int STEPS = 500;

  /// The newest version of each block whose write has returned.
  private final AtomicLongArray written = new AtomicLongArray(BLOCKS);

  private final AtomicBoolean done = new AtomicBoolean();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final List<Path> files = new ArrayList<>();
  private Path folder;
  private Chain chain;
  private ChainOptions options;

  private Path create() throws IOException {
    Path file = folder.resolve("layer" + made++ + ".qcow2");
    BackingReference base =
        files.isEmpty()
            ? null
            : new BackingReference(files.getFirst().getFileName().toString(), "qcow2");
    try (FileStorage storage = FileStorage.create(file, LockMode.NONE)) {
      Qcow2Create.create(
          storage,
          Qcow2CreateOptions.ofSize((long) BLOCKS * BLOCK).withClusterBits(14).withBacking(base));
    }
    files.addFirst(file);
    return file;
  }

  private int made;

  private void write(RandomGenerator random, ByteBuffer block) throws IOException {
    int number = random.nextInt(BLOCKS);
    long version = written.get(number) + 1;
    block.clear();
    while (block.hasRemaining()) {
      block.putLong((long) number << 32 | version);
    }
    chain.write(GuestOffset.of((long) number * BLOCK), block.flip());
    written.set(number, version);
  }

  private void merge(RandomGenerator random) throws IOException {
    if (files.size() < 4) {
      return;
    }
    int gone = random.nextInt(2, files.size());
    Path into = files.get(gone - 1);
    Path base = gone + 1 < files.size() ? files.get(gone + 1) : null;
    try (Chain upper = Chain.open(into, LayerFormat.QCOW2, options)) {
      PullOp.pull(upper, 1, Progress.NONE);
      ((Qcow2Layer) upper.top())
          .setBacking(
              base == null ? null : new BackingReference(base.getFileName().toString(), "qcow2"));
    }
    chain.layerReplaced(files.get(gone), into);
    Files.delete(files.remove(gone));
  }

  private void readOn(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    ByteBuffer blocks = ByteBuffer.allocate(8 * BLOCK);
    try {
      while (!done.get()) {
        int first = random.nextInt(BLOCKS - 8);
        int count = random.nextInt(1, 9);
        long[] least = new long[count];
        for (int i = 0; i < count; i++) {
          least[i] = written.get(first + i);
        }
        chain.read(GuestOffset.of((long) first * BLOCK), blocks.clear().limit(count * BLOCK));
        for (int i = 0; i < count; i++) {
          requireBlock(blocks, i * BLOCK, first + i, least[i]);
        }
      }
    } catch (IOException | RuntimeException | AssertionError e) {
      failures.add(e);
    }
  }

  private static void requireBlock(ByteBuffer blocks, int at, int number, long least) {
    for (int i = at; i < at + BLOCK; i += Long.BYTES) {
      long word = blocks.getLong(i);
      assertThat(word & 0xffffffffL)
          .as("version of block %d", number)
          .isGreaterThanOrEqualTo(least);
      if (word != 0) {
        assertThat(word >>> 32).isEqualTo(number);
      }
    }
  }

  @SeededTest(2)
  void readersSeeWhatWasWrittenThroughSnapshotsAndMerges(
      RandomGenerator random, @TempDir Path temporary) throws IOException, InterruptedException {
    folder = temporary;
    options =
        ChainOptions.readWrite(OpenGate.confinedTo(List.of(folder)))
            .withBaseLock(LockMode.FORCE_SHARE)
            .withOpenLayers(4)
            .withMapBytes(3000);
    chain = Chain.open(create(), LayerFormat.QCOW2, options);
    List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      long seed = random.nextLong();
      readers.add(Thread.ofPlatform().start(() -> readOn(seed)));
    }
    try {
      ByteBuffer block = ByteBuffer.allocate(BLOCK);
      for (int step = 0; step < STEPS && failures.isEmpty(); step++) {
        switch (random.nextInt(40)) {
          case 0, 1 -> chain.addOverlay(create());
          case 2 -> merge(random);
          default -> write(random, block);
        }
      }
    } finally {
      done.set(true);
      for (Thread reader : readers) {
        reader.join();
      }
      chain.close();
    }
    assertThat(failures).isEmpty();
  }
}
