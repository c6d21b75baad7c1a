// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.BackingReference;
import io.varve.image.Below;
import io.varve.image.ImageException;
import io.varve.image.Preallocation;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.testkit.CrashStorage;
import io.varve.testkit.GuestOp;
import io.varve.testkit.GuestOp.ApplySnapshot;
import io.varve.testkit.GuestOp.DeleteSnapshot;
import io.varve.testkit.GuestOp.Discard;
import io.varve.testkit.GuestOp.Flush;
import io.varve.testkit.GuestOp.Resize;
import io.varve.testkit.GuestOp.TakeSnapshot;
import io.varve.testkit.GuestOp.Write;
import io.varve.testkit.GuestOp.Zero;
import io.varve.testkit.GuestOps;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SeededTest;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import io.varve.testkit.Stamp;
import io.varve.tests.image.CrashRun.Step;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Every mutating operation of a layer, cut at each flush and each call, with what was not flushed
/// lost, kept, reordered and torn.
class LayerCrashTest {
  private static final int TORN = 12;

  @TempDir Path folder;

  /// Layouts that differ in how indexes are written.
  static Stream<ImageShape> shapes() {
    return Stream.of(
        new ImageShape(3, 9, 4, false),
        new ImageShape(2, 12, 4, false),
        new ImageShape(3, 12, 6, false),
        new ImageShape(3, 14, 1, true));
  }

  private void cut(CrashScene scene, List<Step> steps) throws IOException {
    CrashRun run =
        new CrashRun(
            scene.image(),
            scene.shape(),
            scene.base(),
            scene.disk(),
            scene.snapshots(),
            steps,
            folder);
    assertThat(run.judgeAll(new SplittableRandom(7), TORN)).isPositive();
  }

  private void cut(CrashScene scene, GuestOp... steps) throws IOException {
    cut(scene, Step.of(List.of(steps)));
  }

  /// Data in the first clusters and at the end.
  private static List<GuestOp> someData(ImageShape shape) {
    int c = (int) shape.cluster();
    return List.of(
        new Write(0, 6 * c, 1),
        new Write(20L * c, 2 * c, 2),
        new Write(shape.tinyDisk() - 700, 700, 3));
  }

  private static CrashScene withData(ImageShape shape) throws IOException {
    return CrashScene.of(shape, shape.tinyDisk(), null, someData(shape));
  }

  private static CrashScene withSnapshot(ImageShape shape) throws IOException {
    List<GuestOp> ops = new ArrayList<>(someData(shape));
    ops.add(new TakeSnapshot("before"));
    return CrashScene.of(shape, shape.tinyDisk(), null, ops);
  }

  private static CrashScene overlay(ImageShape shape) throws IOException {
    long size = shape.tinyDisk();
    ReferenceDisk base = new ReferenceDisk(size + 40 * shape.cluster());
    base.write(0, Stamp.data(0, (int) size / 2, 1_000));
    int tail = (int) (30 * shape.cluster());
    base.write(size - 5000, Stamp.data(size - 5000, tail, 1_001));
    return CrashScene.of(shape, size, base, List.of(new Write(700, 300, 1)));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void writesToNewClustersAndTables(ImageShape shape) throws IOException {
    int c = (int) shape.cluster();
    cut(
        CrashScene.of(shape, shape.tinyDisk(), null, List.of()),
        new Write(3L * c + 100, 700, 10),
        new Flush(),
        new Write(5L * c, 3 * c, 11),
        new Write(5L * c + 10, 600, 12),
        new Flush(),
        new Write(shape.tinyDisk() - 1000, 1000, 13));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void overwritesInPlace(ImageShape shape) throws IOException {
    int c = (int) shape.cluster();
    cut(
        withData(shape),
        new Write(c / 2, c, 10),
        new Write(c / 2 + 100, 300, 11),
        new Flush(),
        new Write(20L * c, 2 * c, 12));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void copiesOnWriteAfterASnapshot(ImageShape shape) throws IOException {
    int c = (int) shape.cluster();
    cut(
        withSnapshot(shape),
        new Write(c + 10, 300, 10),
        new Flush(),
        new Write(2L * c, 2 * c, 11),
        new Write(20L * c + 512, 512, 12),
        new Flush(),
        new Write(c + 600 % c, 100, 13));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void zeroesAndDiscardsAndUsesTheSpaceAgain(ImageShape shape) throws IOException {
    int c = (int) shape.cluster();
    cut(
        withData(shape),
        new Zero(0, 2L * c, false),
        new Zero(3L * c + 50, c, true),
        new Flush(),
        new Write(100, 200, 10),
        new Discard(20L * c, 2L * c),
        new Write(40L * c, 2 * c, 11),
        new Flush(),
        new Write(50L * c, 2 * c, 12),
        new Discard(0, 2L * c),
        new Flush(),
        new Write(0, 3 * c, 13));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void zeroesAndDiscardsWhatASnapshotShares(ImageShape shape) throws IOException {
    int c = (int) shape.cluster();
    cut(
        withSnapshot(shape),
        new Zero(0, 2L * c, false),
        new Discard(2L * c, 2L * c),
        new Flush(),
        new Write(c, 2 * c, 10),
        new Flush());
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void changesAnOverlay(ImageShape shape) throws IOException {
    int c = (int) shape.cluster();
    cut(
        overlay(shape),
        new Write(2L * c + 10, 300, 10),
        new Zero(4L * c, 2L * c, true),
        new Flush(),
        new Discard(6L * c, c),
        new Write(4L * c + 5, 100, 11),
        new Zero(8L * c + 100, 200, false));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void growsAndShrinks(ImageShape shape) throws IOException {
    long size = shape.tinyDisk();
    long tables = Math.min(64L << 20, 40L * shape.cluster() * shape.cluster() / 8);
    cut(
        withData(shape),
        new Resize(size + tables / 512 * 512),
        new Write(size - 300, 600, 10),
        new Flush(),
        new Resize(4 * shape.cluster() + 512),
        new Flush(),
        new Resize(30 * shape.cluster()),
        new Write(25 * shape.cluster(), 900, 11));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void growsAnOverlayOverALongerBase(ImageShape shape) throws IOException {
    long size = shape.tinyDisk();
    cut(overlay(shape), new Resize(size + 20 * shape.cluster()), new Flush(), new Resize(size));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void takesAppliesAndDeletesSnapshots(ImageShape shape) throws IOException {
    int c = (int) shape.cluster();
    cut(
        withSnapshot(shape),
        new Write(c, 2 * c, 10),
        new TakeSnapshot("second"),
        new Write(3L * c + 9, 700, 11),
        new ApplySnapshot("before"),
        new Write(c + 100, 200, 12),
        new DeleteSnapshot("second"),
        new DeleteSnapshot("before"),
        new Write(0, c, 13));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void appliesASnapshotOfAnotherSize(ImageShape shape) throws IOException {
    if (shape.version() == 2) {
      return;
    }
    cut(
        withSnapshot(shape),
        new Resize(10 * shape.cluster()),
        new TakeSnapshot("short"),
        new ApplySnapshot("before"),
        new ApplySnapshot("short"),
        new DeleteSnapshot("before"));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void changesBaseAndIdentity(ImageShape shape) throws IOException {
    UUID id = new UUID(1, 2);
    VarveIdentity first = VarveIdentity.active(id, null, id, "disk", 5);
    VarveIdentity second = first.asSnapshot("monday", new UUID(3, 4), 77);
    BackingReference other = new BackingReference("somewhere/else/base.raw", "raw");
    BackingReference third = new BackingReference("b", "raw");
    cut(
        overlay(shape),
        List.of(
            Step.of(new Write(0, 700, 10)),
            header("identity", layer -> layer.setIdentity(first)),
            header("base", layer -> layer.setBacking(other)),
            header("identity again", layer -> layer.setIdentity(second)),
            header("both", layer -> layer.setBackingAndIdentity(third, first))));
  }

  /// Several compressed clusters share a host cluster, and one can lie across two.
  @ParameterizedTest
  @CsvSource({"0.10,12", "1.1,9", "1.1,12"})
  void overwritesCompressedClusters(String compat, int clusterBits) throws IOException {
    QemuTools qemu = QemuTools.require();
    ImageShape shape = new ImageShape(compat.equals("1.1") ? 3 : 2, clusterBits, 4, false);
    int c = (int) shape.cluster();
    ReferenceDisk disk = new ReferenceDisk(shape.tinyDisk());
    disk.write(0, Stamp.compressible(20 * c, 1));
    disk.write(21L * c, Stamp.data(21L * c, c / 2, 2));
    disk.save(folder.resolve("raw"));
    String image = folder.resolve("packed.qcow2").toString();
    qemu.img(
            "convert",
            "-q",
            "-c",
            "-f",
            "raw",
            "-O",
            "qcow2",
            "-o",
            shape.qemuOptions(),
            folder.resolve("raw").toString(),
            image)
        .ok();
    SparseBytes bytes = SparseBytes.load(Path.of(image));
    cut(
        new CrashScene(bytes, shape, Below.NOTHING, disk, Map.of()),
        Step.of(
            List.of(
                new Write(100, 300, 10),
                new Write(3L * c, 2 * c, 11),
                new Flush(),
                new Discard(6L * c, 2L * c),
                new TakeSnapshot("packed"),
                new Write(9L * c + 50, c, 12),
                new Flush(),
                new Zero(12L * c, c, true),
                new DeleteSnapshot("packed"),
                new Write(30L * c, 4 * c, 13))));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void preallocatesWhatHasNoPlace(ImageShape shape) throws IOException {
    cut(
        withSnapshot(shape),
        List.of(
            header("metadata", layer -> layer.preallocate(Preallocation.METADATA)),
            Step.of(new DeleteSnapshot("before")),
            header("space", layer -> layer.preallocate(Preallocation.FALLOC)),
            Step.of(new Write(30L * shape.cluster() + 10, 700, 10))));
  }

  private interface HeaderChange {
    void on(Qcow2Layer layer) throws IOException;
  }

  private static Step header(String name, HeaderChange change) {
    return new Step(
        name,
        true,
        layer -> {
          change.on(layer.layer());
          return true;
        });
  }

  /// With clusters of 512 bytes and 64-bit refcounts a refcount block counts 64 clusters, and the
  /// table outgrows its cluster at 2 MiB.
  @SeededTest
  void growsTheRefcountStructure() throws IOException {
    ImageShape shape = new ImageShape(3, 9, 6, false);
    List<GuestOp> fill = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      fill.add(new Write(i * 131_072L, 124_000, i + 1));
    }
    CrashScene scene = CrashScene.of(shape, 4 << 20, null, fill);
    List<GuestOp> steps = new ArrayList<>();
    long before = scene.image().size();
    assertThat(before).isLessThan(2 << 20);
    for (int i = 0; i < 6; i++) {
      steps.add(new Write((2 << 20) + i * 50_000L, 33_000, 100 + i));
      steps.add(new Flush());
    }
    cut(scene, steps.toArray(GuestOp[]::new));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void aHalfMadeImageIsNoImage(ImageShape shape) throws IOException {
    CrashStorage storage = new CrashStorage();
    long size = shape.tinyDisk();
    Qcow2Create.create(storage, shape.options(size));
    storage.images(
        new SplittableRandom(5),
        40,
        image -> {
          try (Qcow2Layer layer =
              Qcow2Layer.open(SparseStorage.of(image.bytes()), Qcow2Options.readWrite())) {
            AfterCrash.assertSectors(layer, Below.NOTHING, List.of(new ReferenceDisk(size)));
            AfterCrash.assertWritable(layer, Below.NOTHING);
          } catch (ImageException e) {
            assertThat(image.point().epoch())
                .as(image + ": " + e)
                .isLessThan(storage.now().epoch());
          } catch (IOException e) {
            throw new AssertionError(image.toString(), e);
          }
        });
  }

  @SeededTest(12)
  void randomHistories(RandomGenerator random) throws IOException {
    ImageShape shape = ImageShape.random(random);
    GuestOps ops =
        new GuestOps(random, shape.tinyDisk(), shape.cluster())
            .withSnapshots()
            .withResize(shape.cluster(), shape.tinyDisk() * 5 / 4);
    List<GuestOp> before = Stream.generate(ops::next).limit(30).toList();
    List<GuestOp> steps = Stream.generate(ops::next).limit(12).toList();
    ReferenceDisk base = null;
    if (random.nextBoolean()) {
      base = new ReferenceDisk(random.nextLong(1, shape.tinyDisk() / 512) * 512);
      base.write(0, Stamp.data(0, (int) base.size() / 2, 5_000));
    }
    CrashScene scene = CrashScene.of(shape, shape.tinyDisk(), base, before);
    cut(scene, Step.of(steps));
  }
}
