// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.catalog.Catalog;
import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.JobView;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.TreeNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/// An engine on temporary folders, with a clock and ids that repeat.
public final class TestBed implements AutoCloseable {
  static final int KIB = 1024;
  static final int MIB = 1024 * KIB;
  static final int BLOCK = 64 * KIB;
  public static final String POOL = "p";
  private static final AtomicLong ENGINES = new AtomicLong();

  final Path folder;
  final EngineConfig config;
  final Varve varve;

  public TestBed(Path root) {
    this(root, new MemoryCatalog(), StepHook.NONE);
  }

  TestBed(Path root, Catalog catalog, StepHook steps) {
    this.folder = root.resolve("pool");
    try {
      Path home = Files.createDirectories(root.resolve("home"));
      this.config = config(home, catalog).withSteps(steps);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.varve = Varve.open(config);
  }

  private static EngineConfig config(Path home, Catalog catalog) {
    AtomicLong time = new AtomicLong(1_800_000_000_000L);
    // Another engine, other ids: as from two programs.
    SplittableRandom random = new SplittableRandom(ENGINES.incrementAndGet());
    return EngineConfig.of(home, catalog)
        .withClock(() -> Instant.ofEpochMilli(time.addAndGet(1000)))
        .withIds(() -> new UUID(random.nextLong(), random.nextLong()))
        .withLockWait(Duration.ofMillis(1));
  }

  /// Another engine on the same catalog and folders, as another process would be.
  Varve again(StepHook steps) {
    return Varve.open(config.withSteps(steps));
  }

  TestBed withPool() {
    varve.pools().create(PoolSpec.virtual(POOL, folder));
    return this;
  }

  TestBed withDisk(String name, long size) {
    varve.disks().create(POOL, name, DiskSpec.of(size));
    return this;
  }

  static DiskAddress at(String address) {
    return DiskAddress.parse(address);
  }

  void write(String disk, long offset, int value, int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    varve.data().write(at(disk), offset, new ByteArrayInputStream(bytes), length);
  }

  /// One byte of the disk; tests write whole blocks of one value.
  int read(String source, long offset) {
    try (DiskSession session = varve.data().open(at(source), false)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      session.read(offset, one);
      return one.get(0) & 0xff;
    }
  }

  byte[] readAll(String source) {
    try (DiskSession session = varve.data().open(at(source), false)) {
      ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(session.size()));
      session.read(0, all);
      return all.array();
    }
  }

  byte[] readThroughStream(String source, long offset, long length) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    varve.data().read(at(source), offset, length, out);
    return out.toByteArray();
  }

  /// Does what verbs left to be done; what each job came to.
  List<JobView> runJobs() {
    return varve.jobs().runAll(null);
  }

  List<Path> layerFiles() {
    return files(folder.resolve("layers"));
  }

  static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return new ArrayList<>(files.sorted().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The tree as text: each node as `name<parent`, in order.
  List<String> tree(String disk) {
    List<TreeNode> nodes = varve.snapshots().tree(at(disk), false).nodes();
    return nodes.stream().map(n -> label(n) + "<" + parent(nodes, n)).toList();
  }

  private static String parent(List<TreeNode> nodes, TreeNode node) {
    return nodes.stream()
        .filter(n -> n.id().equals(node.parent()))
        .findFirst()
        .map(TestBed::label)
        .orElse("-");
  }

  private static String label(TreeNode node) {
    return switch (node.role()) {
      case ACTIVE -> (node.youAreHere() ? "*" : "") + node.disk();
      case SNAPSHOT -> node.name();
      case RETIRED -> "(retired)";
    };
  }

  @Override
  public void close() {
    varve.close();
  }
}
