// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.BackingReference;
import io.varve.image.Below;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.check.RepairMode;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.testkit.CrashImage;
import io.varve.testkit.CrashPoint;
import io.varve.testkit.CrashStorage;
import io.varve.testkit.GuestOp;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Takes steps on a layer over a storage that remembers, then opens every file that a crash could
/// have left and holds it against the oracle: nothing flushed is lost, each sector is old or new,
/// and leaks are the worst that a check finds.
final class CrashRun {
  /// One step, and whether it is durable on return.
  record Step(String name, boolean durable, Action action) {
    static Step of(GuestOp op) {
      boolean durable =
          switch (op) {
            case GuestOp.Flush() -> true;
            case GuestOp.Reopen() -> true;
            case GuestOp.TakeSnapshot _ -> true;
            case GuestOp.ApplySnapshot _ -> true;
            case GuestOp.DeleteSnapshot _ -> true;
            default -> false;
          };
      return new Step(op.toString(), durable, layer -> layer.apply(op));
    }

    static List<Step> of(List<GuestOp> ops) {
      return ops.stream().map(Step::of).toList();
    }
  }

  @FunctionalInterface
  interface Action {
    /// @return false if the step could not be taken
    boolean on(LayerUnderTest layer) throws IOException;
  }

  /// What the image was between two steps.
  record State(
      ReferenceDisk disk,
      Map<String, ReferenceDisk> snapshots,
      Optional<VarveIdentity> identity,
      Optional<BackingReference> backing) {
    static State of(LayerUnderTest layer) throws IOException {
      return new State(
          layer.disk().copy(),
          Map.copyOf(layer.snapshots()),
          layer.layer().identity(),
          layer.layer().backing());
    }
  }

  /// A step that was taken.
  private record Moment(
      Step step, boolean durable, CrashPoint begin, CrashPoint end, State after) {}

  private static final int QEMU_EVERY = 60;

  private final ImageShape shape;
  private final Below base;
  private final CrashStorage storage;
  private final State start;
  private final List<Moment> moments = new ArrayList<>();
  private final Path scratch;
  private int images;

  /// Takes the steps, then closes.
  ///
  /// @param image a durable file
  /// @param disk what it reads as
  CrashRun(
      SparseBytes image,
      ImageShape shape,
      Below base,
      ReferenceDisk disk,
      List<Step> steps,
      Path scratch)
      throws IOException {
    this(image, shape, base, disk, Map.of(), steps, scratch);
  }

  CrashRun(
      SparseBytes image,
      ImageShape shape,
      Below base,
      ReferenceDisk disk,
      Map<String, ReferenceDisk> snapshots,
      List<Step> steps,
      Path scratch)
      throws IOException {
    this.shape = shape;
    this.base = base;
    this.scratch = scratch;
    this.storage = new CrashStorage(image.fork());
    LayerUnderTest layer =
        new LayerUnderTest(storage, shape, base, disk.copy(), Qcow2Options.readWrite());
    layer.snapshots().putAll(snapshots);
    this.start = State.of(layer);
    for (Step step : steps) {
      CrashPoint begin = storage.now();
      boolean durable = step.action().on(layer) && step.durable();
      layer.verify();
      moments.add(new Moment(step, durable, begin, storage.now(), State.of(layer)));
    }
    CrashPoint begin = storage.now();
    State last = State.of(layer);
    layer.close();
    Step close = new Step("close", true, _ -> true);
    moments.add(new Moment(close, true, begin, storage.now(), last));
  }

  /// Opens every file that a crash could have left.
  ///
  /// @param torn random tearings for each stretch between two flushes
  /// @return how many files were judged
  int judgeAll(RandomGenerator random, int torn) {
    storage.images(
        random,
        torn,
        image -> {
          try {
            judge(image);
          } catch (IOException e) {
            throw new UncheckedIOException(describe(image), e);
          } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(describe(image) + ": " + e.getMessage(), e);
          }
        });
    return images;
  }

  private String describe(CrashImage image) {
    StringBuilder text = new StringBuilder(shape + "\n" + image + "\n");
    for (Moment moment : moments) {
      text.append("%s .. %s %s\n".formatted(moment.begin, moment.end, moment.step.name()));
    }
    return text.append(storage.history()).toString();
  }

  /// What the image may be: every state from the last durable one to the step under way.
  private List<State> candidates(CrashPoint point) {
    List<State> states = new ArrayList<>(List.of(start));
    for (Moment moment : moments) {
      if (moment.begin.compareTo(point) >= 0) {
        break;
      }
      if (moment.durable && moment.end.compareTo(point) <= 0) {
        states.clear();
      }
      states.add(moment.after);
    }
    return states;
  }

  /// True while a step that moves refcounts of a whole tree is under way.
  private boolean snapshotStepUnderWay(CrashPoint point) {
    return moments.stream()
        .anyMatch(m ->
            m.step.name().contains("Snapshot")
                && m.begin.compareTo(point) < 0
                && m.end.compareTo(point) > 0);
  }

  private void judge(CrashImage image) throws IOException {
    images++;
    List<State> states = candidates(image.point());
    SparseBytes bytes = image.bytes();
    if (shape.version() == 2 && snapshotStepUnderWay(image.point())) {
      // Version 2 has no dirty bit: whoever drives snapshots there repairs after a crash.
      CheckReport repaired =
          Qcow2Check.repair(SparseStorage.of(bytes), RepairMode.ALL, CheckProgress.NONE);
      assertThat(repaired.sound()).as("after the repair: %s", repaired).isTrue();
    } else if (!dirty(bytes)) {
      assertSound(bytes, "as the crash left it");
    }
    boolean askQemu = images % QEMU_EVERY == 1 && QemuTools.installed().isPresent();
    try (Qcow2Layer layer = Qcow2Layer.open(SparseStorage.of(bytes), Qcow2Options.readWrite())) {
      assertState(layer, states);
      AfterCrash.assertSectors(layer, base, states.stream().map(State::disk).toList());
      AfterCrash.assertWritable(layer, base);
    }
    assertSound(bytes, "after writing and closing");
    if (askQemu) {
      Path file = scratch.resolve("crashed.qcow2");
      bytes.save(file);
      QemuTools.require().checkAlone(file).assertLeaksAtMost();
    }
  }

  private static boolean dirty(SparseBytes bytes) {
    boolean version3 = bytes.bytes(4, 4)[3] == 3;
    return version3 && (bytes.bytes(79, 1)[0] & 1) != 0;
  }

  private static void assertSound(SparseBytes bytes, String when) throws IOException {
    CheckReport report = Qcow2Check.check(SparseStorage.of(bytes.fork()), CheckProgress.NONE);
    assertThat(report.sound()).as("%s: %s", when, report).isTrue();
  }

  /// Header and snapshots are those of one candidate, as a whole.
  private void assertState(Qcow2Layer layer, List<State> states) throws IOException {
    List<String> names =
        layer.snapshots().list().stream().map(InternalSnapshot::name).sorted().toList();
    Optional<VarveIdentity> identity = layer.identity();
    Optional<BackingReference> backing = layer.backing();
    long size = layer.size();
    State state =
        states.stream()
            .filter(s ->
                s.disk.size() == size
                    && s.identity.equals(identity)
                    && s.backing.equals(backing)
                    && s.snapshots.keySet().stream().sorted().toList().equals(names))
            .findFirst()
            .orElseThrow(() ->
                new AssertionError(
                    "no state before or after has size %d, snapshots %s, %s and %s"
                        .formatted(size, names, identity, backing)));
    AfterCrash.assertSnapshots(layer, base, state.snapshots);
  }
}
