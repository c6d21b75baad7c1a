// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.EngineConfig;
import io.varve.engine.Varve;
import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.QuorumProfile;
import io.varve.image.LayerFormat;
import io.varve.testkit.QemuTools;
import io.varve.testkit.Seed;
import io.varve.testkit.SeededTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/// Random sequences of verbs on random trees read like arrays in memory, at every step; the files
/// alone say the same; and QEMU agrees at the end.
final class TreeModelIT {
  private static final int STEPS = 60;

  @TempDir Path root;

  @SeededTest(3)
  void storageSnapshotsReadLikeTheModel(Seed seed) throws IOException {
    run(PoolKind.VIRTUAL, seed);
  }

  @SeededTest(3)
  void computeSnapshotsReadLikeTheModel(Seed seed) throws IOException {
    run(PoolKind.EXTERNAL, seed);
  }

  private void run(PoolKind kind, Seed seed) throws IOException {
    RandomGenerator random = seed.random();
    Path home = Files.createDirectories(root.resolve("home"));
    Path place = Files.createDirectories(root.resolve("pool"));
    TreeUnderTest tree = new TreeUnderTest(kind, random);
    PoolSpec spec = new PoolSpec(TreeUnderTest.POOL, place, kind, QuorumProfile.QUORUM);
    try (Varve varve = open(home)) {
      varve.pools().create(spec);
      for (int i = 0; i < STEPS; i++) {
        tree.step(varve);
        tree.requireAllSame(varve);
      }
      requireQemuAgrees(tree, varve, kind == PoolKind.VIRTUAL ? place.resolve("layers") : place);
    }
    try (Varve other = open(home)) {
      if (kind == PoolKind.VIRTUAL) {
        assertThat(other.pools().rescan(place).findings()).as("%s", tree.story()).isEmpty();
      } else {
        other.pools().create(spec);
        assertThat(other.pools().rescan(TreeUnderTest.POOL).findings()).isEmpty();
      }
      tree.requireAllSame(other);
    }
  }

  private static Varve open(Path home) {
    return Varve.open(EngineConfig.of(home, new MemoryCatalog()));
  }

  private void requireQemuAgrees(TreeUnderTest tree, Varve varve, Path folder) throws IOException {
    QemuTools qemu = QemuTools.require();
    List<Path> images;
    try (Stream<Path> files = Files.list(folder)) {
      images = files.filter(f -> f.toString().endsWith(".qcow2")).toList();
    }
    for (Path image : images) {
      qemu.check(image).assertClean();
    }
    Path raw = root.resolve("expected.raw");
    for (var entry : tree.expected().entrySet()) {
      if (entry.getKey().snapshot() == null) {
        Files.write(raw, entry.getValue());
        Path image = varve.disks().show(entry.getKey()).file();
        qemu.assertSame(image, LayerFormat.QCOW2.id(), raw, LayerFormat.RAW.id());
      }
    }
  }
}
