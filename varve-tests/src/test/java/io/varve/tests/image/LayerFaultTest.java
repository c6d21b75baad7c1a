// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.check.RepairMode;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.NoSpaceException;
import io.varve.testkit.CrashStorage;
import io.varve.testkit.Fault;
import io.varve.testkit.FaultyStorage;
import io.varve.testkit.GuestOp;
import io.varve.testkit.GuestReader;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every operation of a layer with each of its storage calls failed, one after the other. The error
/// comes out, the file stays sound, and what was flushed before is there.
class LayerFaultTest {
  /// An operation on an image with data and one snapshot.
  record Operation(String name, ImageShape shape, Work work) {
    @Override
    public String toString() {
      return name + ", " + shape;
    }
  }

  @FunctionalInterface
  interface Work {
    void on(Qcow2Layer layer) throws IOException;
  }

  private static final VarveIdentity IDENTITY =
      VarveIdentity.active(new UUID(1, 2), null, new UUID(3, 4), "disk", 5);

  static Stream<Operation> operations() {
    return Stream.of(
            new ImageShape(3, 9, 4, false),
            new ImageShape(2, 12, 4, false),
            new ImageShape(3, 14, 1, true))
        .flatMap(LayerFaultTest::operationsOn);
  }

  private static Stream<Operation> operationsOn(ImageShape shape) {
    int c = (int) shape.cluster();
    Map<String, Work> works = new LinkedHashMap<>();
    works.put("nothing", _ -> {});
    works.put("write to new clusters", layer -> write(layer, 40L * c + 9, 3 * c));
    works.put("overwrite", layer -> write(layer, 30L * c + 100, c));
    works.put("copy on write", layer -> write(layer, c + 100, 2 * c));
    works.put("zero, keeping", layer -> zero(layer, 30L * c, 2L * c + 10, ZeroMode.KEEP));
    works.put("zero, unmapping", layer -> zero(layer, 0, 2L * c + 10, ZeroMode.UNMAP));
    works.put("discard", layer -> layer.discard(GuestOffset.of(30L * c), 2L * c, Below.NOTHING));
    works.put("take a snapshot", layer -> layer.snapshots().create("new", LayerUnderTest.WHEN));
    works.put("apply a snapshot", layer -> layer.snapshots().apply("first"));
    works.put("delete a snapshot", layer -> layer.snapshots().delete("first"));
    works.put("set the identity", layer -> layer.setIdentity(IDENTITY));
    if (shape.version() == 3) {
      works.put("grow", layer -> layer.resize(shape.tinyDisk() * 40, Below.NOTHING));
      works.put("shrink", layer -> layer.resize(10L * c, Below.NOTHING));
    }
    return works.entrySet().stream().map(e -> new Operation(e.getKey(), shape, e.getValue()));
  }

  private static void write(Qcow2Layer layer, long at, int length) throws IOException {
    layer.write(GuestOffset.of(at), Stamp.data(at, length, 50), Below.NOTHING);
  }

  private static void zero(Qcow2Layer layer, long at, long length, ZeroMode mode)
      throws IOException {
    layer.zero(GuestOffset.of(at), length, mode, Below.NOTHING);
  }

  private static CrashScene scene(ImageShape shape) throws IOException {
    int c = (int) shape.cluster();
    List<GuestOp> steps =
        List.of(
            new GuestOp.Write(0, 6 * c, 1),
            new GuestOp.TakeSnapshot("first"),
            new GuestOp.Write(30L * c, 3 * c, 2),
            new GuestOp.Write(2L * c, c, 3));
    return CrashScene.of(shape, shape.tinyDisk(), null, steps);
  }

  /// What the disk reads as after the operation without a fault.
  private static ReferenceDisk outcome(CrashScene scene, Operation operation) throws IOException {
    SparseBytes bytes = scene.image().fork();
    try (Qcow2Layer layer = open(SparseStorage.of(bytes))) {
      operation.work().on(layer);
      layer.flush();
      return contentOf(layer);
    }
  }

  private static ReferenceDisk contentOf(Layer layer) throws IOException {
    ReferenceDisk content = new ReferenceDisk(layer.size());
    content.write(
        0,
        java.nio.ByteBuffer.wrap(
            GuestReader.of(layer, Below.NOTHING).bytes(0, (int) layer.size())));
    return content;
  }

  private static Qcow2Layer open(io.varve.image.storage.Storage storage) throws IOException {
    return Qcow2Layer.open(storage, Qcow2Options.readWrite());
  }

  @ParameterizedTest
  @MethodSource("operations")
  void anErrorOfEachCallIsReportedAndHarmsNothing(Operation operation) throws IOException {
    failEachCall(operation, Fault.IO_ERROR);
  }

  @ParameterizedTest
  @MethodSource("operations")
  void aTornWriteIsReportedAndHarmsNothing(Operation operation) throws IOException {
    failEachCall(operation, Fault.TORN_WRITE);
  }

  private static void failEachCall(Operation operation, Fault fault) throws IOException {
    CrashScene scene = scene(operation.shape());
    List<ReferenceDisk> states = List.of(scene.disk(), outcome(scene, operation));
    for (int n = 0; ; n++) {
      CrashStorage below = new CrashStorage(scene.image().fork());
      FaultyStorage storage = new FaultyStorage(ForwardingStorage.handleOn(below));
      storage.failCall(n, fault, false);
      IOException reported = runAndClose(operation, storage);
      assertThat(storage.closes()).as("call %d: times closed", n).isEqualTo(1);
      if (!storage.struck()) {
        assertThat(reported).isNull();
        return;
      }
      String where = "%s, call %d, reported %s".formatted(operation, n, reported);
      if (reported != null) {
        assertThat(reported.getMessage()).as(where).isNotBlank();
      }
      judge(below.content(), scene, states, where + ", the file as it is");
      judge(below.durable(), scene, states, where + ", the file as a crash leaves it");
    }
  }

  /// The error that came out of opening, the operation, the flush or closing.
  private static @Nullable IOException runAndClose(Operation operation, FaultyStorage storage) {
    IOException reported = null;
    Qcow2Layer layer = null;
    try {
      layer = open(storage);
      operation.work().on(layer);
      layer.flush();
    } catch (IOException e) {
      reported = e;
    }
    if (layer != null) {
      try {
        layer.close();
      } catch (IOException e) {
        reported = reported == null ? e : reported;
      }
    }
    return reported;
  }

  private static void judge(
      SparseBytes bytes, CrashScene scene, List<ReferenceDisk> states, String where)
      throws IOException {
    try {
      if (scene.shape().version() == 2) {
        Qcow2Check.repair(SparseStorage.of(bytes), RepairMode.ALL, CheckProgress.NONE);
      }
      try (Qcow2Layer layer = open(SparseStorage.of(bytes))) {
        AfterCrash.assertSectors(layer, Below.NOTHING, states);
        Map<String, ReferenceDisk> snapshots = new LinkedHashMap<>(scene.snapshots());
        List<String> names = layer.snapshots().list().stream().map(s -> s.name()).toList();
        snapshots.keySet().retainAll(names);
        AfterCrash.assertSnapshots(layer, Below.NOTHING, snapshots);
        AfterCrash.assertWritable(layer, Below.NOTHING);
      }
      CheckReport report = Qcow2Check.check(SparseStorage.of(bytes), CheckProgress.NONE);
      assertThat(report.sound()).as("%s", report).isTrue();
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError(where + ": " + e.getMessage(), e);
    }
  }

  @ParameterizedTest
  @MethodSource("operations")
  void afterAFullStoreTheSameLayerGoesOn(Operation operation) throws IOException {
    CrashScene scene = scene(operation.shape());
    for (int n = 0; ; n++) {
      SparseBytes bytes = scene.image().fork();
      FaultyStorage storage = new FaultyStorage(SparseStorage.of(bytes));
      Qcow2Layer layer = open(storage);
      storage.failCall(n, Fault.NO_SPACE, true);
      IOException full = attempt(operation, layer);
      boolean struck = storage.struck();
      storage.heal();
      String where = "%s, call %d, reported %s".formatted(operation, n, full);
      try {
        if (full != null) {
          assertThat(full).as(where).isInstanceOf(NoSpaceException.class);
        }
        goOn(scene, operation, bytes, layer, full != null);
      } catch (IOException | RuntimeException | AssertionError e) {
        throw new AssertionError(where + ": " + e.getMessage(), e);
      }
      if (!struck) {
        return;
      }
    }
  }

  private static @Nullable IOException attempt(Operation operation, Qcow2Layer layer) {
    try {
      operation.work().on(layer);
      layer.flush();
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  /// Space is there again: old or new is what the disk reads as, and it takes writes. Only a
  /// snapshot operation that had come too far to go back may ask to open the image again.
  private static void goOn(
      CrashScene scene, Operation operation, SparseBytes bytes, Qcow2Layer layer, boolean again)
      throws IOException {
    List<ReferenceDisk> states = List.of(scene.disk(), outcome(scene, operation));
    try (layer) {
      AfterCrash.assertSectors(layer, Below.NOTHING, states);
      List<String> names = layer.snapshots().list().stream().map(s -> s.name()).toList();
      if (again && !names.contains("new") && names.contains("first")) {
        operation.work().on(layer);
        layer.flush();
        outcome(scene, operation).assertMatches(GuestReader.of(layer, Below.NOTHING));
      }
      layer.flush();
    } catch (IOException e) {
      if (!operation.name().contains("snapshot") || !e.getMessage().contains("open it again")) {
        throw e;
      }
    }
    judge(bytes, scene, states, "opened again");
  }

  @Test
  void aStoreThatFillsUpTakesWhatFits() throws IOException {
    for (ImageShape shape : List.of(new ImageShape(3, 9, 6, false), ImageShape.DEFAULT)) {
      long size = 4 << 20;
      SparseBytes bytes = new SparseBytes();
      Qcow2Create.create(SparseStorage.of(bytes), shape.options(size));
      FaultyStorage storage = new FaultyStorage(SparseStorage.of(bytes));
      ReferenceDisk disk = new ReferenceDisk(size);
      try (Qcow2Layer layer = open(storage)) {
        storage.limit(1 << 20);
        int refused = 0;
        for (int i = 0; i < 100; i++) {
          long at = i * 37_000L % (size - 30_000);
          try {
            layer.write(GuestOffset.of(at), Stamp.data(at, 20_000, i), Below.NOTHING);
            layer.flush();
            disk.write(at, Stamp.data(at, 20_000, i));
          } catch (NoSpaceException e) {
            refused++;
            ReferenceDisk partly = disk.copy();
            partly.write(at, Stamp.data(at, 20_000, i));
            AfterCrash.assertSectors(layer, Below.NOTHING, List.of(disk, partly));
            disk = contentOf(layer);
          }
        }
        assertThat(refused).isBetween(10, 95);
        storage.heal();
        disk.assertMatches(GuestReader.of(layer, Below.NOTHING));
        AfterCrash.assertWritable(layer, Below.NOTHING);
      }
      CheckReport report = Qcow2Check.check(SparseStorage.of(bytes), CheckProgress.NONE);
      assertThat(report.sound()).as("%s", report).isTrue();
    }
  }

  @Test
  void creatingFailsWithTheErrorOfEachCall() throws IOException {
    for (int n = 0; ; n++) {
      FaultyStorage storage = new FaultyStorage(SparseStorage.of(new SparseBytes()));
      storage.failCall(n, Fault.IO_ERROR, false);
      IOException reported = null;
      try {
        Qcow2Create.create(storage, ImageShape.DEFAULT.options(1 << 20));
      } catch (IOException e) {
        reported = e;
      }
      assertThat(reported != null).isEqualTo(storage.struck());
      if (!storage.struck()) {
        return;
      }
    }
  }
}
