// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.InvalidRequestException;
import io.varve.engine.ProblemCode;
import io.varve.engine.model.GuestIo;
import io.varve.engine.model.IoProbeRow;
import io.varve.engine.model.IoProbeRow.Phase;
import io.varve.engine.model.IoProbeSpec;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.CountingStorage;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.IoCounters;
import io.varve.image.storage.IoCounts;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The experiment behind the table of what a guest write costs on the host. It makes scratch images
/// in a folder of the pool, writes one block into each of a row of clusters at five moments of a
/// disk's life, and counts what reaches the files.
final class IoProbe {
  private static final int MOST_WRITES = 1 << 14;

  private final Context context;
  private final Path folder;
  private final IoProbeSpec spec;

  IoProbe(Context context, Path folder, IoProbeSpec spec) {
    this.context = context;
    this.folder = folder;
    this.spec = spec;
    boolean possible =
        spec.writes() > 0
            && spec.writes() <= MOST_WRITES
            && spec.writeBytes() > 0
            && spec.writeBytes() % 512 == 0
            && spec.writeBytes() <= spec.clusterSize()
            && Integer.bitCount(spec.clusterSize()) == 1;
    if (!possible) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          "this experiment cannot be made: " + spec,
          "Give 1 to 16384 writes of a multiple of 512 bytes, not larger than a cluster.");
    }
    if (!Files.isDirectory(folder)) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          folder + " is not a folder",
          "The experiment needs room for scratch files: name a pool that is a folder.");
    }
  }

  List<IoProbeRow> run() throws IOException {
    List<IoProbeRow> rows = new ArrayList<>();
    for (SnapshotKind kind : SnapshotKind.values()) {
      for (boolean flushEach : new boolean[] {true, false}) {
        String stem = ".varve-io-" + context.newId();
        Path base = folder.resolve(stem + "-base" + PoolSite.UNFINISHED);
        Path overlay = folder.resolve(stem + "-top" + PoolSite.UNFINISHED);
        try {
          rows.addAll(new Run(kind, flushEach, base, overlay).rows());
        } finally {
          Files.deleteIfExists(overlay);
          Files.deleteIfExists(base);
        }
      }
    }
    return rows;
  }

  /// One disk's life.
  private final class Run {
    private final SnapshotKind kind;
    private final boolean flushEach;
    private final Path base;
    private final Path overlay;
    private final IoCounters counters = new IoCounters();
    private final List<IoProbeRow> rows = new ArrayList<>();
    private byte fill = 1;

    Run(SnapshotKind kind, boolean flushEach, Path base, Path overlay) {
      this.kind = kind;
      this.flushEach = flushEach;
      this.base = base;
      this.overlay = overlay;
    }

    List<IoProbeRow> rows() throws IOException {
      create(base, options());
      try (Chain disk = open(base)) {
        measure(disk, Phase.NEW_DATA, 0);
        measure(disk, Phase.CHANGE_IN_PLACE, 0);
        if (kind == SnapshotKind.COMPUTE) {
          Instant now = context.config().clock().instant();
          ((Qcow2Layer) disk.top()).snapshots().create("probe", now);
          after(disk);
        }
      }
      if (kind == SnapshotKind.STORAGE) {
        String name = String.valueOf(base.getFileName());
        create(overlay, options().withBacking(Overlays.reference(name)));
        try (Chain disk = open(overlay)) {
          after(disk);
        }
      }
      return rows;
    }

    private void after(Chain disk) throws IOException {
      measure(disk, Phase.FIRST_CHANGE_AFTER_SNAPSHOT, 0);
      measure(disk, Phase.SECOND_CHANGE_AFTER_SNAPSHOT, 0);
      measure(disk, Phase.NEW_DATA_AFTER_SNAPSHOT, spec.writes());
    }

    private Qcow2CreateOptions options() {
      return Qcow2CreateOptions.ofSize(2L * spec.writes() * spec.clusterSize())
          .withClusterBits(Integer.numberOfTrailingZeros(spec.clusterSize()))
          .withExtendedL2(spec.extendedL2());
    }

    private void create(Path file, Qcow2CreateOptions options) throws IOException {
      try (FileStorage storage = FileStorage.create(file, LockMode.WRITER)) {
        Qcow2Create.create(storage, options);
      }
    }

    private Chain open(Path file) throws IOException {
      return Chain.open(
          file,
          LayerFormat.QCOW2,
          ChainOptions.readWrite(OpenGate.confinedTo(List.of(folder)))
              .withWrap(inner -> new CountingStorage(inner, counters)));
    }

    private void measure(Chain disk, Phase phase, int firstCluster) throws IOException {
      disk.flush();
      IoCounts before = counters.snapshot();
      byte[] block = new byte[spec.writeBytes()];
      for (int i = 0; i < spec.writes(); i++) {
        Arrays.fill(block, fill++);
        long at = (long) (firstCluster + i) * spec.clusterSize();
        disk.write(GuestOffset.of(at), ByteBuffer.wrap(block));
        if (flushEach) {
          disk.flush();
        }
      }
      if (!flushEach) {
        disk.flush();
      }
      long bytes = (long) spec.writes() * spec.writeBytes();
      GuestIo guest = new GuestIo(0, 0, spec.writes(), bytes, 0, flushEach ? spec.writes() : 1);
      rows.add(
          new IoProbeRow(
              kind,
              phase,
              flushEach,
              guest,
              GuestCounters.host(counters.snapshot().minus(before))));
    }
  }
}
