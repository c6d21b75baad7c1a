// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import io.varve.image.BackingReference;
import io.varve.image.GuestOffset;
import io.varve.image.LayerFormat;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.GuestOp;
import io.varve.testkit.GuestOps;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every layout that QEMU's tools can make, with a base and without: what QEMU made Varve writes
/// to, what Varve made QEMU writes to, and each judges the other.
@Tag("interop")
class QemuCombinationIT {
  /// A layout, over a base or not.
  record Combination(ImageShape shape, boolean overlay) {}

  private static final int STEPS = 60;

  private final QemuTools qemu = QemuTools.require();
  @TempDir Path folder;

  static Stream<Combination> combinations() {
    return ImageShape.combinations().stream()
        .flatMap(shape -> Stream.of(new Combination(shape, false), new Combination(shape, true)));
  }

  private static RandomGenerator random(Combination combination) {
    long seed = Long.getLong("varve.seed", 0);
    return new SplittableRandom(seed * 31 + combination.hashCode());
  }

  private Path image() {
    return folder.resolve("image.qcow2");
  }

  /// What the disk reads as at the start; writes the base where there is one.
  private ReferenceDisk start(Combination combination, long size) throws IOException {
    ReferenceDisk disk = new ReferenceDisk(size);
    if (combination.overlay()) {
      ReferenceDisk base = new ReferenceDisk(size / 512 * 3 / 4 * 512);
      base.write(0, Stamp.data(0, (int) Math.min(size / 3, 1 << 20), 500));
      base.write(base.size() - 3000, Stamp.data(base.size() - 3000, 3000, 501));
      base.save(folder.resolve("base.raw"));
      disk = base.copy();
      disk.resize(size);
    }
    return disk;
  }

  private Chain open() throws IOException {
    return Chain.open(
        image(), LayerFormat.QCOW2, ChainOptions.readWrite(OpenGate.confinedTo(List.of(folder))));
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void varveWritesWhatQemuMade(Combination combination) throws IOException {
    ImageShape shape = combination.shape();
    long size = shape.smallDisk();
    ReferenceDisk disk = start(combination, size);
    if (combination.overlay()) {
      qemu.createOverlay(image(), size, shape.qemuOptions(), "base.raw", "raw");
    } else {
      qemu.create(image(), size, shape.qemuOptions());
    }
    GuestOps ops = new GuestOps(random(combination), size, shape.cluster());
    try (Chain chain = open()) {
      for (int i = 0; i < STEPS; i++) {
        apply(ops.next(), chain, disk);
      }
      disk.assertMatches((at, dst) -> chain.read(GuestOffset.of(at), dst));
    }
    qemu.check(image()).assertClean();
    qemu.assertReads(image(), disk, folder);
  }

  private static void apply(GuestOp op, Chain chain, ReferenceDisk disk) throws IOException {
    switch (op) {
      case GuestOp.Write(long at, int length, long number) -> {
        chain.write(GuestOffset.of(at), Stamp.data(at, length, number));
        disk.write(at, Stamp.data(at, length, number));
      }
      case GuestOp.Zero(long at, long length, boolean unmap) -> {
        chain.zero(GuestOffset.of(at), length, unmap ? ZeroMode.UNMAP : ZeroMode.KEEP);
        disk.zero(at, length);
      }
      case GuestOp.Discard(long at, long length) -> {
        chain.discard(GuestOffset.of(at), length);
        disk.discarded(at, length, 0, 0, (from, dst) -> chain.read(GuestOffset.of(from), dst));
      }
      default -> chain.flush();
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void qemuWritesWhatVarveMade(Combination combination) throws IOException {
    ImageShape shape = combination.shape();
    long size = shape.smallDisk();
    ReferenceDisk disk = start(combination, size);
    BackingReference backing =
        combination.overlay() ? new BackingReference("base.raw", "raw") : null;
    try (FileStorage storage = FileStorage.create(image(), LockMode.WRITER)) {
      Qcow2Create.create(storage, shape.options(size).withBacking(backing));
    }
    qemu.check(image()).assertClean();
    GuestOps ops = new GuestOps(random(combination), size, shape.cluster());
    List<String> commands = new ArrayList<>();
    for (int i = 0; i < STEPS; i++) {
      command(ops.next(), disk, commands);
    }
    qemu.io(image(), commands);
    try (Chain chain = open()) {
      disk.assertMatches((at, dst) -> chain.read(GuestOffset.of(at), dst));
      // And once more by Varve, into what QEMU has left.
      chain.write(GuestOffset.of(size / 3), Stamp.data(size / 3, 5000, 900));
      disk.write(size / 3, Stamp.data(size / 3, 5000, 900));
    }
    qemu.check(image()).assertClean();
    qemu.assertReads(image(), disk, folder);
  }

  private static void command(GuestOp op, ReferenceDisk disk, List<String> commands) {
    switch (op) {
      case GuestOp.Write(long at, int length, long number) -> {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) (number % 255 + 1));
        disk.write(at, ByteBuffer.wrap(data));
        commands.add("write -P %d %d %d".formatted(number % 255 + 1, at, length));
      }
      case GuestOp.Zero(long at, long length, boolean unmap) -> {
        disk.zero(at, length);
        commands.add("write -z %s %d %d".formatted(unmap ? "-u" : "", at, length));
      }
      default -> commands.add("flush");
    }
  }
}
