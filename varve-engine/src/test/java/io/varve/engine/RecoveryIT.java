// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.POOL;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.catalog.Catalog;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.ApplySpec;
import io.varve.engine.model.DiffSpec;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.ExportSpec;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotView;
import io.varve.image.LayerFormat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Every verb is cut before each of its steps: as a crash, as a failure, and as a crash that takes
/// the catalog with it. Then another engine uses the disks (or rebuilds the catalog from the
/// files), everything that was flushed reads as before, the verb has happened or not, and nothing
/// is left over.
final class RecoveryIT {
  private static final int MOST_STEPS = 64;

  private final AtomicInteger runs = new AtomicInteger();
  @TempDir Path root;

  /// A crash: the engine must not get to clean up.
  private static final class Crash extends Error {
    private static final long serialVersionUID = 1L;
  }

  /// A verb to be cut short.
  ///
  /// @param prepare makes disks before it, uncut
  /// @param run the verb
  /// @param untouched sources that read the same whatever becomes of the verb
  private record Scenario(
      String name, Consumer<TestBed> prepare, Consumer<Varve> run, List<String> untouched) {
    boolean virtual() {
      return !name.startsWith("compute") && !name.endsWith("register");
    }
  }

  private static void snapshot(TestBed bed, String disk, String name) {
    bed.varve.snapshots().create(at(disk), name, SnapshotKindChoice.AUTO);
  }

  private static void tree(TestBed bed) {
    bed.withPool().withDisk("d", 2 * MIB);
    bed.write("d", 0, 1, BLOCK);
    bed.write("d", MIB, 1, BLOCK);
    snapshot(bed, "d", "s1");
    bed.write("d", 0, 2, BLOCK);
    snapshot(bed, "d", "s2");
    bed.write("d", BLOCK, 3, BLOCK);
  }

  private static void compute(TestBed bed) {
    try {
      Path place = Files.createDirectories(bed.folder.resolveSibling("lun"));
      bed.varve.pools().create(PoolSpec.external("x", place));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    bed.varve.disks().create("x", "d", DiskSpec.of(2 * MIB));
    bed.write("d", 0, 1, BLOCK);
    snapshot(bed, "d", "s1");
    bed.write("d", 0, 2, BLOCK);
    snapshot(bed, "d", "s2");
    bed.write("d", BLOCK, 3, BLOCK);
  }

  private static void deleteAndMerge(Varve varve, String snapshot) {
    varve.snapshots().delete(at(snapshot));
    varve.jobs().runAll(null);
  }

  private static byte[] stream(Varve varve, @Nullable String from, String to) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    varve.diffs().send(from == null ? null : at(from), at(to), DiffSpec.USUAL, out);
    return out.toByteArray();
  }

  private static void apply(Varve varve, String target, byte[] stream) {
    varve.diffs().apply(at(target), new ByteArrayInputStream(stream), ApplySpec.USUAL);
  }

  private static List<Scenario> scenarios() {
    return List.of(
        new Scenario(
            "hold",
            RecoveryIT::tree,
            v -> v.snapshots().hold(at("d@s1"), "ann", "audit"),
            List.of("d", "d@s1", "d@s2")),
        new Scenario(
            "rename",
            RecoveryIT::tree,
            v -> v.snapshots().rename(at("d@s1"), "other"),
            List.of("d", "d@s2")),
        new Scenario(
            "snapshot",
            RecoveryIT::tree,
            v -> v.snapshots().create(at("d"), "new", SnapshotKindChoice.AUTO),
            List.of("d", "d@s1", "d@s2")),
        new Scenario(
            "revert",
            RecoveryIT::tree,
            v -> v.snapshots().revert(at("d@s1"), null),
            List.of("d@s1", "d@s2")),
        new Scenario(
            "revert and keep",
            RecoveryIT::tree,
            v -> v.snapshots().revert(at("d@s1"), "kept"),
            List.of("d@s1", "d@s2")),
        new Scenario(
            "delete by merging into a snapshot",
            RecoveryIT::tree,
            v -> deleteAndMerge(v, "d@s1"),
            List.of("d", "d@s2")),
        new Scenario(
            "delete by merging into the disk",
            RecoveryIT::tree,
            v -> deleteAndMerge(v, "d@s2"),
            List.of("d", "d@s1")),
        new Scenario(
            "delete by merging down",
            bed -> {
              tree(bed);
              bed.write("d", 0, 5, MIB + 5 * BLOCK);
              snapshot(bed, "d", "s3");
              bed.write("d", BLOCK, 6, BLOCK);
            },
            v -> deleteAndMerge(v, "d@s3"),
            List.of("d", "d@s1", "d@s2")),
        new Scenario(
            "delete a leaf",
            bed -> {
              tree(bed);
              bed.varve.snapshots().revert(at("d@s1"), null);
            },
            v -> v.snapshots().delete(at("d@s2")),
            List.of("d", "d@s1")),
        new Scenario(
            "delete by retiring, then collect",
            bed -> {
              tree(bed);
              bed.varve.snapshots().revert(at("d@s1"), null);
            },
            v -> {
              v.snapshots().delete(at("d@s1"));
              deleteAndMerge(v, "d@s2");
            },
            List.of("d")),
        new Scenario(
            "fast clones",
            RecoveryIT::tree,
            v -> v.clones().fast(at("d"), List.of("a", "b", "c")),
            List.of("d", "d@s1", "d@s2")),
        new Scenario(
            "full clone",
            RecoveryIT::tree,
            v -> v.clones().full(at("d@s2"), "f", null),
            List.of("d", "d@s1", "d@s2")),
        new Scenario(
            "create",
            RecoveryIT::tree,
            v -> v.disks().create(POOL, "e", DiskSpec.of(MIB)),
            List.of("d", "d@s1", "d@s2")),
        new Scenario(
            "resize",
            RecoveryIT::tree,
            v -> v.disks().resize(at("d"), 4 * MIB, false),
            List.of("d@s1", "d@s2")),
        new Scenario(
            "delete a disk that a clone reads",
            bed -> {
              tree(bed);
              bed.varve.clones().fast(at("d@s1"), List.of("c", "c2"));
            },
            v -> v.disks().delete(at("d"), true),
            List.of("c", "c2")),
        new Scenario(
            "apply a change",
            bed -> {
              tree(bed);
              apply(bed.varve, "p/copy", stream(bed.varve, null, "d@s1"));
            },
            v -> apply(v, "p/copy", stream(v, "d@s1", "d@s2")),
            List.of("d", "d@s1", "d@s2", "copy@s1")),
        new Scenario(
            "apply a whole disk",
            RecoveryIT::tree,
            v -> apply(v, "p/copy", stream(v, null, "d@s2")),
            List.of("d", "d@s1", "d@s2")),
        new Scenario(
            "compute snapshot",
            RecoveryIT::compute,
            v -> v.snapshots().create(at("d"), "new", SnapshotKindChoice.AUTO),
            List.of("d", "d@s1", "d@s2")),
        new Scenario(
            "compute revert",
            RecoveryIT::compute,
            v -> v.snapshots().revert(at("d@s1"), null),
            List.of("d@s1", "d@s2")),
        new Scenario(
            "compute delete",
            RecoveryIT::compute,
            v -> deleteAndMerge(v, "d@s1"),
            List.of("d", "d@s2")),
        new Scenario(
            "unregister",
            bed -> {
              compute(bed);
              bed.varve.disks().create("x", "e", DiskSpec.of(MIB));
              bed.write("e", 0, 5, BLOCK);
            },
            v -> v.disks().unregister(at("d")),
            List.of("e")),
        new Scenario(
            "register",
            bed -> {
              compute(bed);
              Path file = bed.folder.resolveSibling("lun").resolve("own.qcow2");
              Path out = bed.folder.resolveSibling("own.qcow2");
              bed.varve.disks().exportImage(at("d"), out, ExportSpec.of(LayerFormat.QCOW2));
              try {
                Files.move(out, file);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            v -> {
              Path place = v.pools().show("x").path();
              v.disks().register("x", "own", place.resolve("own.qcow2"));
            },
            List.of("d", "d@s1")));
  }

  /// How the verb is cut short.
  private enum Cut {
    /// The program dies; the next one dies too, while it recovers; the one after that does not.
    CRASH,
    /// A step fails.
    FAILURE,
    /// The program dies, and the catalog is lost.
    CRASH_WITHOUT_CATALOG
  }

  @TestFactory
  Stream<DynamicTest> everyVerbCutBeforeEachStepIsFinishedOrUndone() {
    return scenarios().stream()
        .flatMap(s ->
            Stream.of(Cut.values())
                .filter(cut -> cut != Cut.CRASH_WITHOUT_CATALOG || s.virtual())
                .map(cut ->
                    DynamicTest.dynamicTest(s.name + ", " + cut, () -> cutEverywhere(s, cut))));
  }

  private void cutEverywhere(Scenario scenario, Cut how) throws IOException {
    for (int step = 0; step < MOST_STEPS; step++) {
      Path own = Files.createDirectories(root.resolve("run" + runs.incrementAndGet()));
      if (!cutOnce(own, scenario, how, step)) {
        assertThat(step).as("steps of %s", scenario.name).isPositive();
        return;
      }
    }
    throw new AssertionError(scenario.name + " never came to its end");
  }

  /// False if the verb came to its end before the cut.
  private static boolean cutOnce(Path own, Scenario scenario, Cut how, int step) {
    Catalog catalog = new MemoryCatalog();
    List<String> seen = new ArrayList<>();
    Map<String, byte[]> before = new HashMap<>();
    boolean wasCut;
    try (TestBed bed = new TestBed(own, catalog, StepHook.NONE)) {
      scenario.prepare.accept(bed);
      scenario.untouched.forEach(source -> before.put(source, bed.readAll(source)));
      wasCut = run(bed, scenario, how != Cut.FAILURE, step, seen);
      if (how == Cut.CRASH && wasCut) {
        recoverAndCrash(bed, scenario, step % 3);
      }
      if (how != Cut.CRASH_WITHOUT_CATALOG) {
        requireSame(bed, before, seen);
        finishJobs(bed);
        requireSame(bed, before, seen);
        requireWhole(bed, catalog, seen);
      }
    }
    if (how == Cut.CRASH_WITHOUT_CATALOG) {
      try (TestBed bed = new TestBed(own, new MemoryCatalog(), StepHook.NONE)) {
        bed.varve.pools().rescan(bed.folder);
        requireSame(bed, before, seen);
        bed.varve.pools().collect(POOL);
        requireSame(bed, before, seen);
      }
    }
    return wasCut;
  }

  private static void finishJobs(TestBed bed) {
    for (JobView job : bed.varve.jobs().list(null, true)) {
      if (job.state() == JobState.FAILED) {
        bed.varve.jobs().resume(job.id().toString());
      }
    }
    bed.varve.jobs().runAll(null);
    assertThat(bed.varve.jobs().list(null, true)).allMatch(job -> job.state() == JobState.DONE);
  }

  private static void recoverAndCrash(TestBed bed, Scenario scenario, int step) {
    AtomicInteger steps = new AtomicInteger();
    Varve second =
        bed.again((_, _) -> {
          if (steps.getAndIncrement() == step) {
            throw new Crash();
          }
        });
    try {
      second.data().where(at(scenario.untouched.getFirst()), 0, 512);
      second.jobs().runAll(null);
    } catch (Crash _) {
      assertThat(steps.get()).isPositive();
    }
  }

  private static void requireSame(TestBed bed, Map<String, byte[]> before, List<String> seen) {
    before.forEach((source, bytes) ->
        assertThat(bed.readAll(source)).as("%s after %s", source, seen).isEqualTo(bytes));
    for (String source : before.keySet()) {
      assertThat(bed.varve.disks().show(at(source)).problem()).as("%s", seen).isNull();
    }
  }

  private static boolean run(
      TestBed bed, Scenario scenario, boolean crash, int cut, List<String> seen) {
    AtomicInteger steps = new AtomicInteger();
    Varve cuttable =
        bed.again((verb, step) -> {
          seen.add(verb + ":" + step);
          if (steps.getAndIncrement() == cut) {
            if (crash) {
              throw new Crash();
            }
            throw new IllegalStateException("no more");
          }
        });
    try {
      scenario.run.accept(cuttable);
      // A job tells its failure in its row.
      return steps.get() > cut;
    } catch (Crash e) {
      return true;
    } catch (VarveException e) {
      assertThat(e).hasRootCauseMessage("no more");
      return true;
    }
  }

  /// Uses every disk, which makes the journal mend it, and looks for leftovers.
  private static void requireWhole(TestBed bed, Catalog catalog, List<String> seen) {
    for (io.varve.engine.model.PoolView pool : bed.varve.pools().list()) {
      bed.varve.disks().create(pool.name(), "wake-up", DiskSpec.of(MIB));
      bed.varve.disks().list(pool.name()).forEach(disk -> use(bed, disk));
      for (DiskView disk : bed.varve.disks().list(pool.name())) {
        assertThat(disk.problem()).as("%s after %s", disk.name(), seen).isNull();
        bed.readAll(disk.address());
        for (SnapshotView snapshot : bed.varve.snapshots().list(at(disk.address()))) {
          bed.readAll(disk.address() + "@" + snapshot.name());
        }
        bed.write(disk.address(), 0, 77, 512);
        assertThat(bed.read(disk.address(), 0)).isEqualTo(77);
      }
      List<LayerRow> rows = catalog.inTransaction(tx -> tx.layersOfPool(pool.id()));
      assertThat(catalog.<Integer>inTransaction(tx -> tx.intents(pool.id()).size()))
          .as("journal after %s", seen)
          .isZero();
      if (pool.kind() == io.varve.engine.model.PoolKind.VIRTUAL) {
        assertThat(bed.layerFiles().stream().map(f -> f.getFileName().toString()))
            .as("files after %s", seen)
            .containsExactlyInAnyOrderElementsOf(rows.stream().map(LayerRow::file).toList());
        requireFrozen(bed, rows);
        assertThat(bed.varve.pools().rescan(pool.name()).findings()).as("%s", seen).isEmpty();
      }
    }
  }

  /// The first use of a disk may be the one that finishes its end.
  private static void use(TestBed bed, DiskView disk) {
    try {
      bed.read(disk.address(), 0);
    } catch (NotFoundException e) {
      assertThat(bed.varve.disks().list(disk.pool())).noneMatch(d -> d.id().equals(disk.id()));
    }
  }

  private static void requireFrozen(TestBed bed, List<LayerRow> rows) {
    for (LayerRow row : rows) {
      try {
        boolean writable =
            Files.getPosixFilePermissions(bed.folder.resolve("layers").resolve(row.file()))
                .contains(java.nio.file.attribute.PosixFilePermission.OWNER_WRITE);
        assertThat(writable).as("%s", row).isEqualTo(row.role() == NodeRole.ACTIVE);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
