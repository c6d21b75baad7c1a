// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.ApplySpec;
import io.varve.engine.model.DiffSpec;
import io.varve.engine.model.DoctorSpec;
import io.varve.engine.model.SnapshotKindChoice;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Putting a stream on a copy is cut short at every step: the copy then is as before or at the
/// result, and the same stream again leads to the result.
final class ApplyRecoveryIT {
  @TempDir Path root;
  private TestBed origin;

  private static final class Crash extends Error {
    private static final long serialVersionUID = 1L;
  }

  @BeforeEach
  void open() {
    origin = new TestBed(root.resolve("origin")).withPool().withDisk("d", 2 * MIB);
    origin.write("d", 0, 1, BLOCK);
    origin.varve.snapshots().create(at("d"), "s1", SnapshotKindChoice.AUTO);
    origin.write("d", 5 * BLOCK, 2, 3 * BLOCK);
    origin.varve.snapshots().create(at("d"), "s2", SnapshotKindChoice.AUTO);
  }

  private byte[] stream(@Nullable String from, String to) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    origin.varve.diffs().send(from == null ? null : at(from), at(to), DiffSpec.USUAL, out);
    return out.toByteArray();
  }

  private static void apply(Varve varve, byte[] stream) {
    varve.diffs().apply(at("p/d"), new ByteArrayInputStream(stream), ApplySpec.USUAL);
  }

  @Test
  void aChangeThatWasCutShortIsAppliedAgain() throws IOException {
    byte[] first = stream(null, "d@s1");
    byte[] second = stream("d@s1", "d@s2");
    for (boolean crash : new boolean[] {true, false}) {
      int cut = 0;
      while (cutOnce(first, second, crash, cut)) {
        cut++;
      }
      // Receiving has four steps, and going to what was received has some of its own.
      assertThat(cut).isGreaterThan(4);
    }
  }

  @Test
  void aWholeDiskThatWasCutShortIsAppliedAgain() throws IOException {
    byte[] whole = stream(null, "d@s2");
    for (boolean crash : new boolean[] {true, false}) {
      int cut = 0;
      while (cutOnce(null, whole, crash, cut)) {
        cut++;
      }
      assertThat(cut).isGreaterThan(3);
    }
  }

  private boolean cutOnce(byte @Nullable [] before, byte[] stream, boolean crash, int cut)
      throws IOException {
    Path own = Files.createTempDirectory(root, "copy");
    try (TestBed copy = new TestBed(own, new MemoryCatalog(), StepHook.NONE)) {
      copy.withPool();
      if (before != null) {
        apply(copy.varve, before);
      }
      boolean wasCut = cut(copy, stream, crash, cut);
      if (before != null) {
        byte[] now = copy.readAll("d");
        assertThat(
                Arrays.equals(now, origin.readAll("d@s1"))
                    || Arrays.equals(now, origin.readAll("d@s2")))
            .as("before or after, nothing between")
            .isTrue();
      }
      apply(copy.varve, stream);
      assertThat(copy.readAll("d")).isEqualTo(origin.readAll("d@s2"));
      assertThat(copy.varve.disks().show(at("d")).parent()).isEqualTo("s2");
      DoctorSpec deep = new DoctorSpec(false, true);
      assertThat(copy.varve.upkeep().doctor("p", deep).ailments()).isEmpty();
      return wasCut;
    }
  }

  private static boolean cut(TestBed copy, byte[] stream, boolean crash, int at) {
    AtomicInteger steps = new AtomicInteger();
    Varve cuttable =
        copy.again((_, _) -> {
          if (steps.getAndIncrement() == at) {
            if (crash) {
              throw new Crash();
            }
            throw new IllegalStateException("no more");
          }
        });
    try {
      apply(cuttable, stream);
      return false;
    } catch (Crash | VarveException _) {
      return true;
    }
  }
}
