// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.model.ApplyOutcome;
import io.varve.engine.model.ApplySpec;
import io.varve.engine.model.DiffSpec;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotView;
import io.varve.testkit.SeededTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/// Random trees: whatever two nodes are compared, the ranges lead from the one to the other, and a
/// copy that follows by streams reads the same at every node.
final class DiffModelTest {
  private static final int STEPS = 40;
  private static final int PAIRS = 12;
  private static final int SECTOR = 512;

  @TempDir Path root;

  private record Tree(TestBed bed, RandomGenerator random, boolean compute, List<String> disks) {
    String anyDisk() {
      return disks.get(random.nextInt(disks.size()));
    }

    void step(int number) {
      String disk = anyDisk();
      long size = bed.varve.disks().show(at(disk)).size();
      long start = random.nextLong(size / SECTOR) * SECTOR;
      int length = (int) Math.min(size - start, random.nextInt(1, 400) * (long) SECTOR);
      switch (random.nextInt(compute ? 8 : 12)) {
        case 0, 1, 2 -> bed.write(disk, start, random.nextInt(4), length);
        case 3 -> bed.varve.data().zero(at(disk), start, length);
        case 4 -> bed.varve.data().discard(at(disk), start, length);
        case 5, 6 -> snapshot(disk, "s" + number);
        case 7, 8 -> revert(disk, "k" + number);
        case 9 -> resize(disk, size);
        case 10 -> clone(disk, "c" + number);
        default -> delete(disk);
      }
    }

    void snapshot(String disk, String name) {
      bed.varve.snapshots().create(at(disk), name, SnapshotKindChoice.AUTO);
    }

    private void revert(String disk, String keepAs) {
      List<SnapshotView> all = bed.varve.snapshots().list(at(disk));
      if (!all.isEmpty()) {
        String name = all.get(random.nextInt(all.size())).name();
        bed.varve.snapshots().revert(at(disk + "@" + name), random.nextBoolean() ? keepAs : null);
      }
    }

    private void resize(String disk, long size) {
      long wanted = Math.max(SECTOR, size + random.nextLong(-size / 2, size / 2) / SECTOR * SECTOR);
      bed.varve.disks().resize(at(disk), Math.min(wanted, 4 << 20), true);
    }

    private void clone(String disk, String name) {
      if (disks.size() < 4) {
        bed.varve.clones().fast(at(disk), List.of(name));
        disks.add(name);
      }
    }

    private void delete(String disk) {
      List<SnapshotView> all = bed.varve.snapshots().list(at(disk));
      if (all.size() > 3) {
        String name = all.get(random.nextInt(all.size())).name();
        bed.varve.snapshots().delete(at(disk + "@" + name));
      }
    }

    List<String> nodes() {
      List<String> nodes = new ArrayList<>(disks);
      for (String disk : disks) {
        bed.varve.snapshots().list(at(disk)).forEach(s -> nodes.add(disk + "@" + s.name()));
      }
      return nodes;
    }
  }

  private Tree tree(RandomGenerator random, boolean compute) throws IOException {
    TestBed bed = new TestBed(Files.createTempDirectory(root, "tree")).withPool();
    String pool = "p";
    if (compute) {
      pool = "x";
      bed.varve.pools().create(PoolSpec.external("x", Files.createTempDirectory(root, "lun")));
    }
    long size = random.nextLong(200, 4000) * SECTOR;
    int cluster = 1 << random.nextInt(9, 18);
    boolean extended = cluster >= 16384 && random.nextBoolean();
    bed.varve.disks().create(pool, "d", new DiskSpec(size, cluster, extended, 3, false));
    Tree tree = new Tree(bed, random, compute, new ArrayList<>(List.of("d")));
    tree.snapshot("d", "first");
    for (int i = 0; i < STEPS; i++) {
      tree.step(i);
    }
    return tree;
  }

  private static void requireDifference(
      Tree tree, @Nullable String from, String to, boolean byContent) {
    byte[] now = tree.bed.readAll(to);
    byte[] before = from == null ? new byte[0] : tree.bed.readAll(from);
    byte[] result = Arrays.copyOf(before, now.length);
    long[] reached = {0};
    tree.bed
        .varve
        .diffs()
        .ranges(
            from == null ? null : at(from),
            at(to),
            byContent,
            (start, length, zero) -> {
              assertThat(start).isGreaterThanOrEqualTo(reached[0]);
              reached[0] = start + length;
              int begin = (int) start;
              int end = (int) (start + length);
              if (byContent) {
                assertThat(Arrays.equals(now, begin, end, result, begin, end)).isFalse();
              }
              if (zero) {
                Arrays.fill(result, begin, end, (byte) 0);
              } else {
                System.arraycopy(now, begin, result, begin, end - begin);
              }
            });
    assertThat(Arrays.mismatch(result, now)).as("%s to %s", from, to).isEqualTo(-1);
  }

  private static String pick(RandomGenerator random, List<String> nodes) {
    return nodes.get(random.nextInt(nodes.size()));
  }

  @SeededTest(8)
  void rangesLeadFromAnyNodeToAnyOther(RandomGenerator random) throws IOException {
    Tree tree = tree(random, random.nextInt(3) == 0);
    List<String> nodes = tree.nodes();
    for (int i = 0; i < PAIRS; i++) {
      String to = pick(random, nodes);
      requireDifference(tree, pick(random, nodes), to, random.nextBoolean());
      requireDifference(tree, null, to, random.nextBoolean());
    }
    tree.bed.close();
  }

  @SeededTest(6)
  void aCopyThatFollowsReadsTheSame(RandomGenerator random) throws IOException {
    Tree tree = tree(random, random.nextInt(3) == 0);
    List<String> snapshots = tree.nodes().stream().filter(n -> n.contains("@")).toList();
    try (TestBed copy = new TestBed(Files.createTempDirectory(root, "copy"))) {
      copy.withPool();
      String at = null;
      for (int i = 0; i < 8; i++) {
        String to = pick(random, snapshots);
        DiffSpec spec = DiffSpec.USUAL.withByContent(random.nextBoolean());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        tree.bed.varve.diffs().send(at == null ? null : at(at), at(to), spec, out);
        ApplyOutcome outcome =
            copy.varve
                .diffs()
                .apply(
                    at("p/copy"),
                    new ByteArrayInputStream(out.toByteArray()),
                    ApplySpec.USUAL.withSnapshot("n" + i).withDiscard(true));
        byte[] expected = tree.bed.readAll(to);
        assertThat(Arrays.mismatch(copy.readAll(outcome.snapshot()), expected))
            .as("%s after %s", to, at)
            .isEqualTo(-1);
        if (!outcome.already()) {
          assertThat(Arrays.mismatch(copy.readAll("copy"), expected)).isEqualTo(-1);
        }
        at = to;
      }
    }
    tree.bed.close();
  }
}
