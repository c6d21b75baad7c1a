// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.model.ApplyOutcome;
import io.varve.engine.model.ApplySpec;
import io.varve.engine.model.DiffSpec;
import io.varve.engine.model.SnapshotKindChoice;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A snapshot is deleted, and jobs merge what it was, while someone still reads that very state.
final class ReadersOfDeletedSnapshotsTest {
  @TempDir Path root;
  private TestBed bed;

  @BeforeEach
  void open() {
    bed = new TestBed(root).withPool().withDisk("d", 4 * MIB);
    bed.write("d", 0, 1, 32 * BLOCK);
    snapshot("s1");
    // Little is held above much: the cheapest merge goes down, into the file of the snapshot.
    bed.write("d", BLOCK, 2, BLOCK);
  }

  private void snapshot(String name) {
    bed.varve.snapshots().create(at("d"), name, SnapshotKindChoice.AUTO);
  }

  private void deleteAndMerge() {
    bed.varve.snapshots().delete(at("d@s1"));
    bed.varve.jobs().runAll(null);
  }

  @Test
  void aSessionReadsOn() {
    try (DiskSession session = bed.varve.data().open(at("d@s1"), false)) {
      deleteAndMerge();
      ByteBuffer all = ByteBuffer.allocate(32 * BLOCK);
      session.read(0, all);
      for (int i = 0; i < 32; i++) {
        assertThat(all.get(i * BLOCK)).isEqualTo((byte) 1);
      }
    }
    assertThat(bed.read("d", BLOCK)).isEqualTo(2);
    bed.varve.pools().collect("p");
    bed.varve.jobs().runAll(null);
    assertThat(bed.layerFiles()).as("then the merge is done").hasSize(1);
    assertThat(bed.read("d", 0)).isEqualTo(1);
    assertThat(bed.read("d", BLOCK)).isEqualTo(2);
  }

  @Test
  void whatIsReceivedOnItStandsOnIt() {
    snapshot("s2");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    bed.varve.diffs().send(at("d@s1"), at("d@s2"), DiffSpec.USUAL.withResultDigest(false), out);
    TestBed origin = new TestBed(root.resolve("origin")).withPool().withDisk("d", 4 * MIB);
    origin.write("d", 0, 1, 32 * BLOCK);
    origin.varve.snapshots().create(at("d"), "s1", SnapshotKindChoice.AUTO);
    origin.write("d", 3 * BLOCK, 7, BLOCK);
    origin.varve.snapshots().create(at("d"), "s3", SnapshotKindChoice.AUTO);
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    DiffSpec unchecked = DiffSpec.USUAL.withResultDigest(false);
    origin.varve.diffs().send(at("d@s1"), at("d@s3"), unchecked, stream);
    bed.varve.snapshots().delete(at("d@s2"));
    bed.varve.jobs().runAll(null);
    ApplySpec stay = ApplySpec.USUAL.withTrustBase("s1").withStay(true);
    ApplyOutcome outcome =
        bed.varve.diffs().apply(at("p/d"), interrupted(stream.toByteArray()), stay);
    assertThat(outcome.snapshot()).isEqualTo("p/d@s3");
    assertThat(bed.readAll("d@s3")).isEqualTo(origin.readAll("d@s3"));
    assertThat(bed.read("d", BLOCK)).isEqualTo(2);
    bed.varve.jobs().runAll(null);
    assertThat(bed.readAll("d@s3")).isEqualTo(origin.readAll("d@s3"));
    assertThat(bed.read("d", BLOCK)).isEqualTo(2);
    origin.close();
  }

  /// Deletes the base when the stream is well under way.
  private FilterInputStream interrupted(byte[] stream) {
    return new FilterInputStream(new ByteArrayInputStream(stream)) {
      private long seen;

      @Override
      public int read(byte[] into, int from, int length) throws IOException {
        int step = super.read(into, from, Math.min(length, 4096));
        seen += step;
        if (seen > 20_000 && seen < 1L << 40) {
          seen = 1L << 40;
          deleteAndMerge();
        }
        return step;
      }
    };
  }
}
