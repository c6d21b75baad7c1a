// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.KIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.PoolSpace;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SpaceAccount;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.qcow2.format.VarveIdentity.Role;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.Seed;
import io.varve.testkit.SeededTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.io.TempDir;

/// Holds the accounts of random trees against a count, cluster by cluster, of what each node reads,
/// made from the files alone.
final class SpaceModelTest {
  private static final int CLUSTER = 4 * KIB;
  private static final int CLUSTERS = 40;
  private static final long SIZE = CLUSTERS * CLUSTER - 512;

  @TempDir Path root;

  /// One layer as its file has it: for each cluster what answers, true where it is data.
  private record Held(VarveIdentity own, Map<Integer, Boolean> answers) {
    String address() {
      String disk = POOL + "/" + own.diskName();
      return own.role() == Role.SNAPSHOT ? disk + "@" + own.snapshotName() : disk;
    }
  }

  private record Cluster(UUID layer, int index) {}

  @SeededTest(6)
  void accountsAreWhatACountFinds(Seed seed) throws IOException {
    RandomGenerator random = seed.random();
    try (TestBed bed = new TestBed(root).withPool()) {
      bed.varve.disks().create(POOL, "d0", DiskSpec.of(SIZE).withClusterSize(CLUSTER));
      Ops ops = new Ops(bed, random);
      for (int i = 0; i < 60; i++) {
        ops.step(i);
        if (i % 10 == 9) {
          compare(bed, seed + ", step " + i);
        }
      }
    }
  }

  /// Random verbs.
  private static final class Ops {
    private final TestBed bed;
    private final RandomGenerator random;
    private final List<String> disks = new ArrayList<>(List.of("d0"));
    private final List<String> snapshots = new ArrayList<>();

    Ops(TestBed bed, RandomGenerator random) {
      this.bed = bed;
      this.random = random;
    }

    void step(int number) {
      String disk = disks.get(random.nextInt(disks.size()));
      int first = random.nextInt(CLUSTERS - 1);
      int length = (1 + random.nextInt(Math.min(6, CLUSTERS - 1 - first))) * CLUSTER;
      switch (random.nextInt(snapshots.isEmpty() ? 5 : 9)) {
        case 0, 1, 2 -> bed.write(disk, (long) first * CLUSTER, number, length);
        case 3 -> bed.varve.data().zero(at(disk), (long) first * CLUSTER, length);
        case 4, 5 -> {
          snapshots.add(disk + "@s" + number);
          bed.varve.snapshots().create(at(disk), "s" + number, SnapshotKindChoice.STORAGE);
        }
        case 6 -> bed.varve.snapshots().revert(at(any()), null);
        case 7 -> {
          bed.varve.clones().fast(at(any()), "c" + number);
          disks.add("c" + number);
        }
        default -> {
          String gone = any();
          snapshots.remove(gone);
          bed.varve.snapshots().delete(at(gone));
        }
      }
    }

    private String any() {
      return snapshots.get(random.nextInt(snapshots.size()));
    }
  }

  private static void compare(TestBed bed, String when) throws IOException {
    Map<UUID, Held> layers = new HashMap<>();
    for (Path file : bed.layerFiles()) {
      Held held = read(file);
      layers.put(held.own().layerId(), held);
    }
    Map<String, Set<Cluster>> reads = new TreeMap<>();
    for (Held layer : layers.values()) {
      if (layer.own().role() != Role.RETIRED) {
        reads.put(layer.address(), reads(layers, layer));
      }
    }
    PoolSpace pool = bed.varve.space().pool(POOL);
    assertThat(pool.nodes())
        .as(when)
        .extracting(SpaceAccount::address)
        .containsExactlyElementsOf(reads.keySet());
    Map<Cluster, Integer> readers = new HashMap<>();
    reads.values().forEach(set -> set.forEach(each -> readers.merge(each, 1, Integer::sum)));
    for (SpaceAccount account : pool.nodes()) {
      Set<Cluster> own = reads.getOrDefault(account.address(), Set.of());
      String what = when + ", " + account.address();
      assertThat(account.referencedBytes()).as(what).isEqualTo((long) own.size() * CLUSTER);
      long alone = own.stream().filter(each -> readers.get(each) == 1).count();
      assertThat(account.exclusiveBytes()).as(what).isEqualTo(alone * CLUSTER);
      assertThat(bed.varve.space().show(at(account.address())).sharedWith())
          .as(what)
          .containsExactlyElementsOf(sharers(reads, account.address()));
    }
    long shared = readers.values().stream().filter(count -> count > 1).count();
    assertThat(pool.sharedBytes()).as(when).isEqualTo(shared * CLUSTER);
    long data = 0;
    for (Held layer : layers.values()) {
      data += layer.answers().values().stream().filter(each -> each).count();
    }
    assertThat(pool.dataBytes()).as(when).isEqualTo(data * CLUSTER);
    assertThat(pool.deadBytes()).as(when).isEqualTo((data - readers.size()) * CLUSTER);
  }

  private static Set<String> sharers(Map<String, Set<Cluster>> reads, String of) {
    Set<String> names = new TreeSet<>();
    Set<Cluster> own = reads.getOrDefault(of, Set.of());
    reads.forEach((name, set) -> {
      if (!name.equals(of) && set.stream().anyMatch(own::contains)) {
        names.add(name);
      }
    });
    return names;
  }

  private static Set<Cluster> reads(Map<UUID, Held> layers, Held top) {
    Set<Cluster> found = new HashSet<>();
    for (int i = 0; i < CLUSTERS; i++) {
      Held at = top;
      while (at != null && !at.answers().containsKey(i)) {
        at = layers.get(at.own().parentId());
      }
      if (at != null && Boolean.TRUE.equals(at.answers().get(i))) {
        found.add(new Cluster(at.own().layerId(), i));
      }
    }
    return found;
  }

  private static Held read(Path file) throws IOException {
    try (Qcow2Layer layer =
        Qcow2Layer.open(
            FileStorage.open(file, FileAccess.READ_ONLY, LockMode.FORCE_SHARE),
            Qcow2Options.readOnly())) {
      Map<Integer, Boolean> answers = new HashMap<>();
      for (int i = 0; i < CLUSTERS; i++) {
        LayerExtent extent = layer.lookup(GuestOffset.of((long) i * CLUSTER), 512);
        if (extent.kind() != ExtentKind.NONE) {
          answers.put(
              i, extent.kind() == ExtentKind.DATA || extent.kind() == ExtentKind.ZERO_ALLOCATED);
        }
      }
      return new Held(layer.identity().orElseThrow(), answers);
    }
  }
}
