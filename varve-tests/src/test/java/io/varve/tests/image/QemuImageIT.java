// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.GuestReader;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Images as QEMU's tools leave them: compressed, with internal snapshots, dirty, preallocated, in
/// chains of unequal sizes. And the same from Varve's hands to QEMU's.
@Tag("interop")
class QemuImageIT {
  private final QemuTools qemu = QemuTools.require();
  @TempDir Path folder;

  private Path image() {
    return folder.resolve("image.qcow2");
  }

  private Qcow2Layer open(Path file, boolean writable) throws IOException {
    FileAccess access = writable ? FileAccess.READ_WRITE : FileAccess.READ_ONLY;
    LockMode lock = writable ? LockMode.WRITER : LockMode.SHARED_READER;
    return Qcow2Layer.open(
        FileStorage.open(file, access, lock),
        writable ? Qcow2Options.readWrite() : Qcow2Options.readOnly());
  }

  private Chain chain(Path top, boolean writable) throws IOException {
    ChainOptions options = ChainOptions.readOnly(OpenGate.confinedTo(List.of(folder)));
    return Chain.open(top, LayerFormat.QCOW2, options.withWritable(writable));
  }

  private static GuestReader reader(Chain chain) {
    return (at, dst) -> chain.read(GuestOffset.of(at), dst);
  }

  private static void write(Qcow2Layer layer, ReferenceDisk disk, long at, int length, long number)
      throws IOException {
    layer.write(GuestOffset.of(at), Stamp.data(at, length, number), Below.NOTHING);
    disk.write(at, Stamp.data(at, length, number));
  }

  /// Text that compresses, data that does not, and holes; it ends inside a cluster.
  private static ReferenceDisk mixed(long size) {
    ReferenceDisk disk = new ReferenceDisk(size);
    for (long at = 0; at + 100_000 < size; at += 300_000) {
      disk.write(at, Stamp.compressible(90_000, at + 1));
      disk.write(at + 95_000, Stamp.data(at + 95_000, 5_000, 1));
    }
    disk.write(size - 700, Stamp.compressible(700, 5));
    return disk;
  }

  private void compress(ReferenceDisk disk, String options) throws IOException {
    Path raw = folder.resolve("source.raw");
    disk.save(raw);
    qemu.img(
            "convert",
            "-q",
            "-c",
            "-f",
            "raw",
            "-O",
            "qcow2",
            "-o",
            options,
            raw.toString(),
            image().toString())
        .ok();
  }

  @ParameterizedTest
  @CsvSource({
    "zlib,1.1,4096",
    "zlib,1.1,65536",
    "zlib,1.1,2097152",
    "zlib,0.10,65536",
    "zlib,0.10,512",
    "zstd,1.1,4096",
    "zstd,1.1,65536",
    "zstd,1.1,2097152"
  })
  void readsAndOverwritesCompressedClusters(String type, String compat, int cluster)
      throws IOException {
    ReferenceDisk disk = mixed((5 << 20) + 1536);
    String options = "compat=" + compat + ",cluster_size=" + cluster;
    compress(disk, type.equals("zstd") ? options + ",compression_type=zstd" : options);
    try (Qcow2Layer layer = open(image(), true)) {
      GuestReader reader = GuestReader.of(layer, Below.NOTHING);
      disk.assertMatches(reader);
      write(layer, disk, 100, 300, 10);
      write(layer, disk, 300_000L + cluster / 2, cluster, 11);
      layer.zero(GuestOffset.of(600_000), 4_000, ZeroMode.UNMAP, Below.NOTHING);
      disk.zero(600_000, 4_000);
      layer.snapshots().create("compressed", LayerUnderTest.WHEN);
      write(layer, disk, 900_000, 5_000, 12);
      layer.discard(GuestOffset.of(1_200_000), 90_000, Below.NOTHING);
      disk.discarded(1_200_000, 90_000, 0, 0, reader);
      disk.assertMatches(reader);
      layer.snapshots().delete("compressed");
    }
    qemu.check(image()).assertClean();
    qemu.assertReads(image(), disk, folder);
  }

  @Test
  void readsCompressedClustersOfExtendedL2() throws IOException {
    ReferenceDisk disk = mixed((3 << 20) + 512);
    compress(disk, "compat=1.1,cluster_size=64k,extended_l2=on");
    try (Qcow2Layer layer = open(image(), true)) {
      disk.assertMatches(GuestReader.of(layer, Below.NOTHING));
      write(layer, disk, 3_000, 3_000, 10);
      layer.zero(GuestOffset.of(302_000), 6_000, ZeroMode.KEEP, Below.NOTHING);
      disk.zero(302_000, 6_000);
    }
    qemu.check(image()).assertClean();
    qemu.assertReads(image(), disk, folder);
  }

  @ParameterizedTest
  @ValueSource(strings = {"compat=0.10,cluster_size=4k", "compat=1.1,cluster_size=64k"})
  void usesSnapshotsThatQemuTook(String options) throws IOException {
    qemu.create(image(), 1 << 20, options);
    qemu.io(image(), List.of("write -P 1 0 100k", "write -P 2 500k 50k"));
    ReferenceDisk first = qemu.read(image(), folder);
    qemu.snapshot(image(), "-c", "one");
    qemu.io(image(), List.of("write -P 3 50k 100k", "write -z 500k 10k"));
    ReferenceDisk second = qemu.read(image(), folder);
    qemu.snapshot(image(), "-c", "two");
    qemu.io(image(), List.of("write -P 4 0 300k"));

    try (Qcow2Layer layer = open(image(), true)) {
      assertThat(layer.snapshots().list())
          .extracting(InternalSnapshot::name)
          .containsExactly("one", "two");
      assertViews(layer, first, second);
      layer.snapshots().apply("one");
      first.assertMatches(GuestReader.of(layer, Below.NOTHING));
      ReferenceDisk changed = first.copy();
      write(layer, changed, 60_000, 9_000, 10);
      assertViews(layer, first, second);
      layer.snapshots().delete("one");
      changed.assertMatches(GuestReader.of(layer, Below.NOTHING));
    }
    qemu.check(image()).assertClean();
    second.assertMatches(qemu.readSnapshot(image(), "two", folder));
    qemu.snapshot(image(), "-a", "two");
    qemu.assertReads(image(), second, folder);
    qemu.check(image()).assertClean();
  }

  private static void assertViews(Qcow2Layer layer, ReferenceDisk first, ReferenceDisk second)
      throws IOException {
    try (Layer one = layer.snapshots().view("one");
        Layer two = layer.snapshots().view("two")) {
      first.assertMatches(GuestReader.of(one, Below.NOTHING));
      second.assertMatches(GuestReader.of(two, Below.NOTHING));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void qemuUsesSnapshotsThatVarveTook(int version) throws IOException {
    ImageShape shape = new ImageShape(version, 12, 4, false);
    ReferenceDisk disk = new ReferenceDisk(1 << 20);
    try (FileStorage storage = FileStorage.create(image(), LockMode.WRITER)) {
      Qcow2Create.create(storage, shape.options(1 << 20));
    }
    ReferenceDisk first;
    ReferenceDisk second;
    try (Qcow2Layer layer = open(image(), true)) {
      write(layer, disk, 0, 100_000, 1);
      layer.snapshots().create("one", LayerUnderTest.WHEN);
      first = disk.copy();
      write(layer, disk, 50_000, 100_000, 2);
      layer.snapshots().create("two", LayerUnderTest.WHEN);
      second = disk.copy();
      write(layer, disk, 10, 3_000, 3);
    }
    assertThat(qemu.snapshots(image())).contains("one", "two", "2023-11-14");
    qemu.check(image()).assertClean();
    first.assertMatches(qemu.readSnapshot(image(), "one", folder));
    second.assertMatches(qemu.readSnapshot(image(), "two", folder));
    qemu.snapshot(image(), "-a", "one");
    qemu.snapshot(image(), "-d", "one");
    qemu.check(image()).assertClean();
    try (Qcow2Layer layer = open(image(), true)) {
      first.assertMatches(GuestReader.of(layer, Below.NOTHING));
      layer.snapshots().apply("two");
      second.assertMatches(GuestReader.of(layer, Below.NOTHING));
    }
    qemu.check(image()).assertClean();
  }

  @Test
  void repairsADirtyImageThatQemuLeft() throws IOException {
    qemu.create(image(), 4 << 20, "compat=1.1,cluster_size=4k,lazy_refcounts=on");
    qemu.ioRun(
        image(),
        List.of(),
        List.of("write -P 7 0 500k", "write -P 8 1M 64k", "flush", "sigraise 9"));
    ReferenceDisk expected = new ReferenceDisk(4 << 20);
    fill(expected, 0, 500 << 10, 7);
    fill(expected, 1 << 20, 64 << 10, 8);

    try (Qcow2Layer layer = open(image(), false)) {
      assertThat(layer.info().dirty()).isTrue();
      expected.assertMatches(GuestReader.of(layer, Below.NOTHING));
    }
    try (Qcow2Layer layer = open(image(), true)) {
      assertThat(layer.info().dirty()).isFalse();
      expected.assertMatches(GuestReader.of(layer, Below.NOTHING));
      write(layer, expected, 700_000, 9_000, 3);
    }
    qemu.check(image()).assertClean();
    qemu.assertReads(image(), expected, folder);
  }

  private static void fill(ReferenceDisk disk, long at, int length, int value) {
    byte[] data = new byte[length];
    java.util.Arrays.fill(data, (byte) value);
    disk.write(at, ByteBuffer.wrap(data));
  }

  @Test
  void refusesToWriteAnImageThatIsMarkedCorrupt() throws IOException {
    qemu.create(image(), 1 << 20, "compat=1.1");
    SparseBytes bytes = SparseBytes.load(image());
    bytes.write(79, ByteBuffer.wrap(new byte[] {2}));
    bytes.save(image());

    assertThatThrownBy(() -> open(image(), true))
        .isInstanceOf(ReadOnlyImageException.class)
        .hasMessageContaining("corrupt");
    try (Qcow2Layer layer = open(image(), false)) {
      assertThat(layer.info().corrupt()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "off,1.1,64k",
    "metadata,1.1,64k",
    "falloc,1.1,4k",
    "full,0.10,64k",
    "metadata,0.10,512"
  })
  void writesIntoPreallocatedImages(String preallocation, String compat, String cluster)
      throws IOException {
    long size = (2 << 20) + 512;
    qemu.create(
        image(),
        size,
        "compat=%s,cluster_size=%s,preallocation=%s".formatted(compat, cluster, preallocation));
    ReferenceDisk disk = new ReferenceDisk(size);
    try (Qcow2Layer layer = open(image(), true)) {
      disk.assertMatches(GuestReader.of(layer, Below.NOTHING));
      write(layer, disk, 70_000, 100_000, 1);
      write(layer, disk, size - 300, 300, 2);
      layer.zero(GuestOffset.of(80_000), 50_000, ZeroMode.KEEP, Below.NOTHING);
      disk.zero(80_000, 50_000);
    }
    qemu.check(image()).assertClean();
    qemu.assertReads(image(), disk, folder);
  }

  @ParameterizedTest
  @CsvSource({"1000448,3000832", "3000832,1000448", "512,3000832", "3000832,512"})
  void chainsOfUnequalSizes(long baseSize, long topSize) throws IOException {
    Path base = folder.resolve("base.qcow2");
    Path middle = folder.resolve("middle.qcow2");
    long middleSize = (baseSize + topSize) / 2 / 512 * 512;
    qemu.create(base, baseSize, "compat=0.10,cluster_size=4k");
    qemu.io(base, List.of("write -P 1 0 " + baseSize));
    qemu.createOverlay(middle, middleSize, "cluster_size=64k", "base.qcow2", "qcow2");
    qemu.io(middle, List.of("write -P 2 %d %d".formatted(middleSize / 3, middleSize / 4)));
    qemu.createOverlay(image(), topSize, "cluster_size=512", "middle.qcow2", "qcow2");
    ReferenceDisk disk = qemu.read(image(), folder);

    try (Chain chain = chain(image(), true)) {
      assertThat(chain.layers()).hasSize(3);
      disk.assertMatches(reader(chain));
      long at = topSize / 2;
      int length = (int) Math.min(3_000, topSize - at);
      chain.write(GuestOffset.of(at), Stamp.data(at, length, 5));
      disk.write(at, Stamp.data(at, length, 5));
      chain.resize(topSize + 100_352);
      disk.resize(topSize + 100_352);
      disk.assertMatches(reader(chain));
      chain.resize(topSize / 2 / 512 * 512 + 512);
      disk.resize(topSize / 2 / 512 * 512 + 512);
      chain.resize(topSize + 512);
      disk.resize(topSize + 512);
      disk.assertMatches(reader(chain));
    }
    qemu.check(image()).assertClean();
    qemu.assertReads(image(), disk, folder);
  }
}
