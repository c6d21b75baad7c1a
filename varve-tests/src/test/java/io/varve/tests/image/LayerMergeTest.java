// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.BackingReference;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.op.ClusterMerge;
import io.varve.image.op.LayerMerge;
import io.varve.image.op.MergeCost;
import io.varve.image.op.UnitMerge;
import io.varve.image.qcow2.Compression;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.compress.ClusterEncoder;
import io.varve.image.storage.MemoryStorage;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SeededTest;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.random.RandomGenerator;

/// Random runs of layers, merged into any of them that can be kept: the disk reads the same at
/// every moment, through layers that were opened before as through those opened after; the file is
/// sound; what was moved, and what the file grew by, is what the cost said.
class LayerMergeTest {
  private static final int WRITES = 12;

  /// Layers in memory, the lowest first, and what the uppermost shows.
  private static final class Disk {
    final RandomGenerator random;
    final boolean uniform;
    final ImageShape shape;
    final List<MemoryStorage> files = new ArrayList<>();
    final ReferenceDisk reads;
    long number;

    Disk(RandomGenerator random) throws IOException {
      this.random = random;
      this.uniform = random.nextInt(3) > 0;
      this.shape =
          uniform
              ? new ImageShape(3, random.nextInt(12, 17), random.nextInt(3, 5), false)
              : ImageShape.random(random);
      this.reads = new ReferenceDisk(size());
      int layers = random.nextInt(2, 6);
      for (int i = 0; i < layers; i++) {
        addLayer();
      }
    }

    private long size() {
      return shape.tinyDisk() - (random.nextBoolean() ? 0 : 1536);
    }

    private void addLayer() throws IOException {
      if (!files.isEmpty() && random.nextInt(4) == 0) {
        reads.resize(uniform ? Math.ceilDiv(size(), shape.cluster()) * shape.cluster() : size());
      }
      MemoryStorage file = new MemoryStorage("layer" + files.size());
      ImageShape own = uniform ? shape : ImageShape.random(random);
      if (!files.isEmpty() && own.version() < 3) {
        own = new ImageShape(3, own.clusterBits(), own.refcountOrder(), false);
      }
      BackingReference base =
          files.isEmpty() ? null : new BackingReference(files.getLast().name(), "qcow2");
      Compression compression =
          own.version() < 3 || random.nextInt(4) > 0 ? Compression.ZLIB : Compression.ZSTD;
      Qcow2Create.create(
          file, own.options(reads.size()).withBacking(base).withCompression(compression));
      files.add(file);
      try (Chain chain = chain(files, files.size() - 1)) {
        for (int i = 0; i < WRITES; i++) {
          change(chain, (Qcow2Layer) chain.top());
        }
      }
    }

    private void change(Chain chain, Qcow2Layer top) throws IOException {
      long at = random.nextLong(reads.size());
      int length = (int) Math.min(reads.size() - at, random.nextLong(1, 4 * shape.cluster()));
      switch (random.nextInt(5)) {
        case 0 -> {
          chain.zero(GuestOffset.of(at), length, ZeroMode.UNMAP);
          reads.zero(at, length);
        }
        case 1 -> compressed(top, at);
        default -> {
          number++;
          chain.write(GuestOffset.of(at), Stamp.data(at, length, number));
          reads.write(at, Stamp.data(at, length, number));
        }
      }
    }

    private void compressed(Qcow2Layer top, long near) throws IOException {
      int cluster = top.clusterSize();
      long at = near / cluster * cluster;
      boolean free =
          at + cluster <= top.size()
              && top.lookup(GuestOffset.of(at), cluster).kind() == ExtentKind.NONE
              && top.lookup(GuestOffset.of(at), cluster).hostOffset() < 0
              && top.lookup(GuestOffset.of(at), cluster).length() == cluster;
      if (!free) {
        return;
      }
      ByteBuffer data = Stamp.compressible(cluster, ++number);
      byte[] bytes = new byte[cluster];
      data.duplicate().get(bytes);
      try (ClusterEncoder encoder = top.newEncoder()) {
        byte[] packed = new byte[cluster];
        int length = encoder.encode(bytes, packed);
        if (length > 0 && length < cluster) {
          top.writeCompressed(GuestOffset.of(at), packed, length);
          reads.write(at, data);
        }
      }
    }

    /// @param writable index of the layer that is open for writing, -1 for none
    Chain chain(List<MemoryStorage> lowestFirst, int writable) throws IOException {
      List<Layer> layers = new ArrayList<>();
      for (int i = lowestFirst.size() - 1; i >= 0; i--) {
        layers.add(open(lowestFirst.get(i), i == writable));
      }
      return Chain.of(layers);
    }

    Qcow2Layer open(MemoryStorage file, boolean writable) throws IOException {
      Qcow2Options options = writable ? Qcow2Options.readWrite() : Qcow2Options.readOnly();
      return Qcow2Layer.open(
          file.reopen(!writable), options.withRequireWhole(true).withCacheBytes(1 << 16));
    }

    void requireSame(Chain chain) throws IOException {
      assertThat(chain.size()).isEqualTo(reads.size());
      reads.assertMatches((at, dst) -> chain.read(GuestOffset.of(at), dst));
    }
  }

  /// A merge of the layers from `lowest` up, and the layers it works on.
  private record Merge(LayerMerge work, Chain chain, int keeper, boolean exact) {
    Qcow2Layer target() throws IOException {
      return (Qcow2Layer) chain.layers().get(keeper);
    }
  }

  /// @param keeper index from the top, or -1 for the cheapest
  private static Merge merge(Disk disk, int lowest, int keeper) throws IOException {
    int count = disk.files.size() - lowest;
    List<Qcow2Layer> run = run(disk.chain(disk.files, -1), count);
    boolean exact = ClusterMerge.possible(run);
    int kept =
        !exact ? 0 : keeper < 0 ? ClusterMerge.cheapestKeeper(run) : pick(run, keeper % count);
    Chain chain = disk.chain(disk.files, disk.files.size() - 1 - kept);
    long beneath = lowest == 0 ? 0 : chain.layers().get(count).size();
    List<Qcow2Layer> layers = run(chain, count);
    LayerMerge work =
        exact ? ClusterMerge.of(layers, kept, beneath) : UnitMerge.of(chain, layers, beneath);
    return new Merge(work, chain, kept, exact);
  }

  private static int pick(List<Qcow2Layer> run, int wanted) throws IOException {
    return ClusterMerge.canKeep(run, wanted) ? wanted : 0;
  }

  private static List<Qcow2Layer> run(Chain chain, int count) throws IOException {
    return chain.layers().subList(0, count).stream().map(Qcow2Layer.class::cast).toList();
  }

  @SeededTest(60)
  void showsTheSameAtEveryMomentAndCostsWhatItSaid(RandomGenerator random) throws IOException {
    Disk disk = new Disk(random);
    int lowest = random.nextInt(disk.files.size() - 1);
    try (Chain before = disk.chain(disk.files, -1)) {
      disk.requireSame(before);
      int wanted = random.nextInt(8) - 1;
      Merge merge = merge(disk, lowest, wanted);
      MemoryStorage kept = disk.files.get(disk.files.size() - 1 - merge.keeper());
      MergeCost cost = merge.work().cost(0);
      long counted = countedBytes(disk, kept);
      long[] moved = new long[1];
      try (Chain chain = merge.chain()) {
        merge
            .work()
            .run(
                0,
                (bytes, _, _) -> {
                  moved[0] += bytes;
                  disk.requireSame(before);
                });
        assertThat(merge.work().cost(0).movedBytes())
            .as("moved again by who begins again")
            .isBetween(0L, merge.keeper() == 0 ? 0 : cost.movedBytes());
        assertThat(chain.size()).isEqualTo(disk.reads.size());
      }
      assertThat(moved[0]).isEqualTo(cost.movedBytes());
      requireGrown(disk, merge, wanted < 0, cost, countedBytes(disk, kept) - counted);
      disk.requireSame(before);
      requireSound(disk, kept, lowest);
    }
  }

  /// What held compressed clusters before gives back more than is foretold.
  private static void requireGrown(
      Disk disk, Merge merge, boolean cheapest, MergeCost cost, long grown) {
    if (disk.uniform && merge.exact() && (cheapest || merge.keeper() == 0)) {
      assertThat(grown)
          .as("growth of the kept file")
          .isBetween(merge.keeper() == 0 ? cost.grownBytes() : Long.MIN_VALUE, cost.grownBytes());
    }
  }

  /// Bytes of the clusters that the refcounts of a uniform disk's file count.
  private static long countedBytes(Disk disk, MemoryStorage file) throws IOException {
    if (!disk.uniform) {
      return 0;
    }
    ByteBuffer header = ByteBuffer.allocate(64);
    file.read(0, header);
    int cluster = (int) disk.shape.cluster();
    ByteBuffer table = ByteBuffer.allocate(header.getInt(56) * cluster);
    file.read(header.getLong(48), table);
    long counted = 0;
    for (table.flip(); table.hasRemaining(); ) {
      long block = table.getLong();
      ByteBuffer counts = ByteBuffer.allocate(block == 0 ? 0 : cluster);
      file.read(block, counts);
      for (counts.flip(); counts.hasRemaining(); ) {
        counted +=
            (disk.shape.refcountOrder() == 3 ? counts.get() : counts.getShort()) != 0 ? 1 : 0;
      }
    }
    return counted * cluster;
  }

  /// The kept layer alone, on what lies beneath, is the disk.
  private static void requireSound(Disk disk, MemoryStorage kept, int lowest) throws IOException {
    assertThat(Qcow2Check.check(kept, CheckProgress.NONE).findings()).isEmpty();
    List<MemoryStorage> after = new ArrayList<>(disk.files.subList(0, lowest));
    after.add(kept);
    try (Chain chain = disk.chain(after, -1)) {
      disk.requireSame(chain);
    }
  }

  @SeededTest(40)
  void aMergeThatWasCutGoesOnFromWhereItWasDurable(RandomGenerator random) throws IOException {
    Disk disk = new Disk(random);
    int lowest = random.nextInt(disk.files.size() - 1);
    int wanted = random.nextInt(8) - 1;
    int stopAfter = random.nextInt(6);
    int[] steps = new int[1];
    long[] cursor = new long[1];
    long[] moved = new long[1];
    Merge first = merge(disk, lowest, wanted);
    int kept = first.keeper();
    long total = first.work().cost(0).movedBytes();
    try (Chain _ = first.chain()) {
      first
          .work()
          .run(
              0,
              (bytes, _, at) -> {
                first.target().flush();
                moved[0] += bytes;
                cursor[0] = at;
                if (steps[0]++ == stopAfter) {
                  throw new CancellationException();
                }
              });
    } catch (CancellationException _) {
      assertThat(steps[0]).isPositive();
    }
    Merge second = merge(disk, lowest, kept);
    try (Chain _ = second.chain()) {
      MergeCost rest = second.work().cost(cursor[0]);
      assertThat(moved[0] + rest.movedBytes()).isEqualTo(total);
      second.work().run(cursor[0], (bytes, _, _) -> moved[0] += bytes);
    }
    assertThat(moved[0]).isEqualTo(total);
    requireSound(disk, disk.files.get(disk.files.size() - 1 - kept), lowest);
  }

  @SeededTest(20)
  void theCheapestKeeperIsTheCheapest(RandomGenerator random) throws IOException {
    Disk disk = new Disk(random);
    Merge cheapest = merge(disk, 0, -1);
    if (!cheapest.exact() || holdsCompressed(disk)) {
      return;
    }
    long least = cheapest.work().cost(0).movedBytes();
    for (int keeper = 0; keeper < disk.files.size(); keeper++) {
      assertThat(merge(disk, 0, keeper).work().cost(0).movedBytes())
          .as("keeping %d instead of %d", keeper, cheapest.keeper())
          .isGreaterThanOrEqualTo(least);
    }
  }

  private static boolean holdsCompressed(Disk disk) throws IOException {
    for (MemoryStorage file : disk.files) {
      if (Qcow2Check.check(file, CheckProgress.NONE).compressedClusters() > 0) {
        return true;
      }
    }
    return false;
  }
}
