// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.BackingReference;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainExtent;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.image.op.Progress;
import io.varve.image.op.PullOp;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.GuestOp;
import io.varve.testkit.GuestOps;
import io.varve.testkit.GuestReader;
import io.varve.testkit.OpenHandles;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SeededTest;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.io.TempDir;

/// Random chains of layers of different layouts and sizes: writes to the top, new overlays, pulls
/// of the layers beneath; what the disk reads as never depends on how it is layered.
class ChainModelTest {
  private static final int STEPS = 50;

  /// The chain's files, the top first, and the oracle.
  private static final class Disk {
    final Path folder;
    final RandomGenerator random;
    final List<Path> files = new ArrayList<>();
    final OpenHandles handles = new OpenHandles();
    final List<String> story = new ArrayList<>();
    ReferenceDisk expected;
    Chain chain;
    int made;

    Disk(Path folder, RandomGenerator random) throws IOException {
      this.folder = folder;
      this.random = random;
      this.expected = new ReferenceDisk(size());
      create(expected.size(), null);
      this.chain = open();
    }

    long size() {
      return random.nextLong(200, 2500) * 512;
    }

    void create(long size, Path base) throws IOException {
      ImageShape shape = ImageShape.random(random);
      Path file = folder.resolve("layer" + ++made + ".qcow2");
      BackingReference backing =
          base == null ? null : new BackingReference(base.getFileName().toString(), "qcow2");
      try (FileStorage storage = FileStorage.create(file, LockMode.WRITER)) {
        Qcow2Create.create(storage, shape.options(size).withBacking(backing));
      }
      story.add("layer " + made + ": " + shape + ", " + size + " bytes");
      files.addFirst(file);
    }

    Chain open() throws IOException {
      return Chain.open(
          files.getFirst(),
          LayerFormat.QCOW2,
          ChainOptions.readWrite(OpenGate.confinedTo(List.of(folder)))
              .withCacheBytes(1 << 18)
              .withWrap(handles::track));
    }

    void close() throws IOException {
      chain.close();
      handles.assertNoneOpen();
    }

    /// A new overlay of any size on top.
    void overlay() throws IOException {
      close();
      long size = random.nextInt(3) == 0 ? size() : expected.size();
      create(size, files.getFirst());
      expected.resize(size);
      chain = open();
    }

    /// Pulls the layers right beneath the top into it, and names the next base.
    void pull() throws IOException {
      int beneath = files.size() - 1;
      if (beneath == 0) {
        return;
      }
      int count = random.nextInt(1, beneath + 1);
      story.add("pull " + count);
      PullOp.pull(chain, count, Progress.NONE);
      expected.assertMatches(reader());
      Path base = count == beneath ? null : files.get(count + 1);
      ((Qcow2Layer) chain.top())
          .setBacking(
              base == null ? null : new BackingReference(base.getFileName().toString(), "qcow2"));
      close();
      for (int i = 0; i < count; i++) {
        Files.delete(files.remove(1));
      }
      chain = open();
    }

    GuestReader reader() {
      return (at, dst) -> chain.read(GuestOffset.of(at), dst);
    }
  }

  @SeededTest(12)
  void theLayersOfADiskDoNotShow(RandomGenerator random, @TempDir Path folder) throws IOException {
    Disk disk = new Disk(folder, random);
    try {
      GuestOps ops = new GuestOps(random, disk.expected.size(), 4096).withResize(1024, 1_500_000);
      for (int step = 0; step < STEPS; step++) {
        ops.size(disk.expected.size());
        switch (random.nextInt(8)) {
          case 0 -> disk.overlay();
          case 1 -> disk.pull();
          default -> apply(ops.next(), disk);
        }
        assertThat(disk.chain.size()).isEqualTo(disk.expected.size());
        disk.expected.assertMatches(disk.reader());
      }
      assertWhere(disk);
      disk.close();
      judge(disk);
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError(String.join("\n", disk.story) + "\n" + e, e);
    }
  }

  private static void apply(GuestOp op, Disk disk) throws IOException {
    disk.story.add(op.toString());
    Chain chain = disk.chain;
    switch (op) {
      case GuestOp.Write(long at, int length, long number) -> {
        chain.write(GuestOffset.of(at), Stamp.data(at, length, number));
        disk.expected.write(at, Stamp.data(at, length, number));
      }
      case GuestOp.Zero(long at, long length, boolean unmap) -> {
        chain.zero(GuestOffset.of(at), length, unmap ? ZeroMode.UNMAP : ZeroMode.KEEP);
        disk.expected.zero(at, length);
      }
      case GuestOp.Discard(long at, long length) -> {
        chain.discard(GuestOffset.of(at), length);
        disk.expected.discarded(at, length, 0, 0, disk.reader());
      }
      case GuestOp.Resize(long size) -> {
        chain.resize(size);
        disk.expected.resize(size);
      }
      case GuestOp.Reopen() -> {
        disk.close();
        disk.chain = disk.open();
      }
      default -> chain.flush();
    }
  }

  /// `where` covers the disk without a gap, and names the layer and host offset that hold the data.
  private static void assertWhere(Disk disk) throws IOException {
    Chain chain = disk.chain;
    for (long at = 0; at < chain.size(); ) {
      ChainExtent extent = chain.where(GuestOffset.of(at), chain.size() - at);
      assertThat(extent.start()).isEqualTo(at);
      assertThat(extent.length()).isBetween(1L, chain.size() - at);
      Layer layer = extent.layer();
      if (layer != null && extent.kind() == io.varve.image.ExtentKind.DATA) {
        assertThat(layer).isSameAs(chain.layers().get(extent.depth()));
        long shift = extent.hostOffset() - at;
        disk.expected.assertMatches(
            (position, dst) -> layer.storage().read(position + shift, dst), at, extent.length());
      } else {
        assertThat(disk.expected.bytes(at, (int) extent.length())).containsOnly(0);
      }
      at += extent.length();
    }
  }

  private static void judge(Disk disk) throws IOException {
    if (QemuTools.installed().isPresent()) {
      QemuTools qemu = QemuTools.require();
      for (Path file : disk.files) {
        qemu.check(file).assertClean();
      }
      qemu.assertReads(disk.files.getFirst(), disk.expected, disk.folder);
    }
  }
}
