// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.DirtyBitmaps;
import io.varve.image.qcow2.DirtyBitmaps.DirtyRange;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.bitmap.BitmapState;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.storage.ForwardingStorage;
import io.varve.testkit.CrashImage;
import io.varve.testkit.CrashPoint;
import io.varve.testkit.CrashStorage;
import io.varve.testkit.Fault;
import io.varve.testkit.FaultyStorage;
import io.varve.testkit.GuestReader;
import io.varve.testkit.QemuTools;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every operation on bitmaps, and tracked changes, cut at each flush and each call: all bitmaps
/// are as before or as after, or they say that they are inconsistent. None ever misses a change.
class BitmapCrashTest {
  private static final int TORN = 8;
  private static final int QEMU_EVERY = 40;

  @TempDir Path folder;
  private int images;

  /// An operation on an image that has the bitmaps `a` (enabled, with bits), `b` (disabled, with
  /// bits) and `old`, which is inconsistent where `withOld`.
  ///
  /// @param tracked it changes the disk, so that enabled bitmaps may be in use
  /// @param resizes it changes the size, so that any bitmap may be in use
  record Operation(String name, boolean tracked, boolean resizes, Work... work) {
    @Override
    public String toString() {
      return name;
    }
  }

  @FunctionalInterface
  interface Work {
    void on(Qcow2Layer layer) throws IOException;
  }

  private static final int CLUSTER = 4096;
  private static final long SIZE = 40L * CLUSTER;
  private static final ImageShape SHAPE = new ImageShape(3, 12, 4, false);

  static Stream<Operation> operations() {
    return Stream.of(
        new Operation("add", false, false, layer -> layer.bitmaps().add("new", 512, true)),
        new Operation("remove", false, false, layer -> layer.bitmaps().remove("a")),
        new Operation("remove an inconsistent one", false, false, l -> l.bitmaps().remove("old")),
        new Operation("clear", false, false, layer -> layer.bitmaps().clear("a")),
        new Operation("enable", false, false, layer -> layer.bitmaps().enable("b")),
        new Operation("disable", false, false, layer -> layer.bitmaps().disable("a")),
        new Operation("merge", false, false, layer -> layer.bitmaps().merge("b", "a")),
        new Operation("write", true, false, layer -> write(layer, 9 * CLUSTER + 10, 3000)),
        new Operation(
            "zero",
            true,
            false,
            l -> l.zero(GuestOffset.of(0), 5 * CLUSTER, ZeroMode.UNMAP, Below.NOTHING)),
        new Operation(
            "discard",
            true,
            false,
            layer -> layer.discard(GuestOffset.of(0), CLUSTER, Below.NOTHING)),
        new Operation(
            "write and flush, twice",
            true,
            false,
            layer -> write(layer, 20 * CLUSTER, CLUSTER),
            Qcow2Layer::flush,
            layer -> write(layer, 22 * CLUSTER, CLUSTER),
            Qcow2Layer::flush),
        new Operation(
            "write, disable, enable, write",
            true,
            false,
            layer -> write(layer, 20 * CLUSTER, CLUSTER),
            layer -> layer.bitmaps().disable("a"),
            layer -> layer.bitmaps().enable("a"),
            layer -> write(layer, 22 * CLUSTER, CLUSTER)));
  }

  static Stream<Operation> resizes() {
    return Stream.of(
        new Operation("grow", true, true, layer -> layer.resize(90L * CLUSTER, Below.NOTHING)),
        new Operation("shrink", true, true, layer -> layer.resize(5L * CLUSTER, Below.NOTHING)));
  }

  private static void write(Qcow2Layer layer, long at, int length) throws IOException {
    layer.write(GuestOffset.of(at), Stamp.data(at, length, 5), Below.NOTHING);
  }

  /// What the bitmaps of an image say, by name; null for one that is inconsistent.
  private record Bitmap(boolean enabled, @Nullable List<DirtyRange> ranges) {}

  private static Map<String, Bitmap> bitmapsOf(Qcow2Layer layer) throws IOException {
    Map<String, Bitmap> all = new TreeMap<>();
    DirtyBitmaps bitmaps = layer.bitmaps();
    for (BitmapState state : bitmaps.list()) {
      List<DirtyRange> ranges = null;
      if (!state.inconsistent()) {
        ranges = new ArrayList<>();
        DirtyRange range = bitmaps.next(state.name(), 0);
        for (; range != null; range = bitmaps.next(state.name(), range.end())) {
          ranges.add(range);
        }
      }
      all.put(state.name(), new Bitmap(state.enabled(), ranges));
    }
    return all;
  }

  private static Qcow2Layer open(SparseBytes bytes) throws IOException {
    return Qcow2Layer.open(SparseStorage.of(bytes), Qcow2Options.readWrite());
  }

  /// Two sound bitmaps over a disk of which every written sector is dirty in `a`, and a third one
  /// that was left in use.
  private static SparseBytes scene() throws IOException {
    SparseBytes first = new SparseBytes();
    Qcow2Create.create(SparseStorage.of(first), SHAPE.options(SIZE));
    SparseBytes copy;
    // Nothing is counted ahead, so that the copy leaks nothing.
    Qcow2Options exact = Qcow2Options.readWrite().withQemuLayout(true);
    try (Qcow2Layer layer = Qcow2Layer.open(SparseStorage.of(first), exact)) {
      layer.bitmaps().add("old", 512, true);
      write(layer, 30 * CLUSTER, CLUSTER);
      layer.flush();
      copy = first.fork();
    }
    try (Qcow2Layer layer = open(copy)) {
      layer.bitmaps().add("a", 1024, true);
      write(layer, 0, 6 * CLUSTER);
      write(layer, 30 * CLUSTER, CLUSTER);
      layer.bitmaps().add("b", CLUSTER, true);
      write(layer, 4 * CLUSTER, CLUSTER);
      layer.bitmaps().disable("b");
    }
    return copy;
  }

  /// The same without the inconsistent one, which would stand against a change of the size.
  private static SparseBytes soundScene() throws IOException {
    SparseBytes bytes = scene();
    try (Qcow2Layer layer = open(bytes)) {
      layer.bitmaps().remove("old");
    }
    return bytes;
  }

  @ParameterizedTest
  @MethodSource("operations")
  void survivesACrashAtAnyMoment(Operation operation) throws IOException {
    cut(operation, scene());
  }

  @ParameterizedTest
  @MethodSource("resizes")
  void followsAResizeThroughACrash(Operation operation) throws IOException {
    cut(operation, soundScene());
  }

  private void cut(Operation operation, SparseBytes image) throws IOException {
    CrashStorage storage = new CrashStorage(image.fork());
    List<Map<String, Bitmap>> states = new ArrayList<>();
    CrashPoint done;
    try (Qcow2Layer layer =
        Qcow2Layer.open(ForwardingStorage.handleOn(storage), Qcow2Options.readWrite())) {
      states.add(bitmapsOf(layer));
      for (Work work : operation.work()) {
        work.on(layer);
        states.add(bitmapsOf(layer));
      }
      done = storage.now();
    }
    storage.images(
        new SplittableRandom(11),
        TORN,
        crashed -> {
          try {
            judge(operation, states, done, crashed);
          } catch (IOException e) {
            throw new UncheckedIOException(crashed + "\n" + storage.history(), e);
          } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(crashed + "\n" + storage.history() + e.getMessage(), e);
          }
        });
    assertThat(images).isGreaterThan(10);
    try (Qcow2Layer layer = open(storage.content())) {
      assertThat(bitmapsOf(layer)).isEqualTo(states.getLast());
    }
    CheckReport report = Qcow2Check.check(SparseStorage.of(storage.content()), CheckProgress.NONE);
    assertThat(report.corruptions() + report.leaks()).as("%s", report).isZero();
  }

  private void judge(
      Operation operation, List<Map<String, Bitmap>> states, CrashPoint done, CrashImage crashed)
      throws IOException {
    images++;
    SparseBytes bytes = crashed.bytes();
    boolean durable = !operation.tracked() && done.compareTo(crashed.point()) <= 0;
    judgeFile(operation, durable ? states.subList(1, 2) : states, bytes);
    if (images % QEMU_EVERY == 1 && QemuTools.installed().isPresent()) {
      Path file = folder.resolve("crashed.qcow2");
      bytes.save(file);
      QemuTools.require().check(file).assertLeaksAtMost();
    }
  }

  private static void judgeFile(
      Operation operation, List<Map<String, Bitmap>> states, SparseBytes bytes) throws IOException {
    CheckReport report = Qcow2Check.check(SparseStorage.of(bytes.fork()), CheckProgress.NONE);
    assertThat(report.sound()).as("%s", report).isTrue();
    Map<String, Bitmap> found;
    try (Qcow2Layer layer = open(bytes.fork())) {
      found = bitmapsOf(layer);
      requireNoLie(layer, found.get("a"));
      write(layer, 3 * CLUSTER, CLUSTER);
    }
    assertThat(states)
        .as("found %s", found)
        .anySatisfy(state -> {
          assertThat(found.keySet()).isEqualTo(state.keySet());
          found.forEach((name, bitmap) -> requireSame(operation, state, name, bitmap));
        });
  }

  private static void requireSame(
      Operation operation, Map<String, Bitmap> state, String name, Bitmap found) {
    Bitmap expected = state.get(name);
    assertThat(found.enabled()).isEqualTo(expected.enabled());
    boolean mayBeInUse = operation.resizes() || operation.tracked() && expected.enabled();
    if (found.ranges() != null || !mayBeInUse) {
      assertThat(found.ranges()).isEqualTo(expected.ranges());
    }
  }

  /// All that was ever written lies within the bits of `a`, if it says that it is sound and was not
  /// cleared.
  private static void requireNoLie(Qcow2Layer layer, @Nullable Bitmap bitmap) throws IOException {
    if (bitmap == null || bitmap.ranges() == null || bitmap.ranges().isEmpty()) {
      return;
    }
    GuestReader reader = GuestReader.of(layer, Below.NOTHING);
    for (long at = 0; at < layer.size(); at += 512) {
      long sector = at;
      boolean dirty =
          bitmap.ranges().stream().anyMatch(r -> r.start() <= sector && sector < r.end());
      if (!dirty) {
        assertThat(reader.bytes(at, 512)).as("sector at %d", at).containsOnly(0);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("operations")
  void anErrorOfEachCallHarmsNoBitmap(Operation operation) throws IOException {
    SparseBytes image = scene();
    List<Map<String, Bitmap>> states = new ArrayList<>();
    try (Qcow2Layer layer = open(image.fork())) {
      states.add(bitmapsOf(layer));
      for (Work work : operation.work()) {
        work.on(layer);
        states.add(bitmapsOf(layer));
      }
    }
    Operation anything = new Operation(operation.name(), true, true, operation.work());
    for (Fault fault : List.of(Fault.IO_ERROR, Fault.TORN_WRITE, Fault.NO_SPACE)) {
      boolean struck = true;
      for (int n = 0; struck; n++) {
        CrashStorage below = new CrashStorage(image.fork());
        FaultyStorage storage = new FaultyStorage(ForwardingStorage.handleOn(below));
        storage.failCall(n, fault, false);
        run(operation, storage);
        struck = storage.struck();
        judgeFile(anything, states, below.content());
        judgeFile(anything, states, below.durable());
      }
    }
  }

  private static void run(Operation operation, FaultyStorage storage) {
    try (Qcow2Layer layer = Qcow2Layer.open(storage, Qcow2Options.readWrite())) {
      for (Work work : operation.work()) {
        work.on(layer);
      }
    } catch (IOException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }
}
