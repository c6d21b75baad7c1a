// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.DiskView;
import io.varve.image.Layer;
import io.varve.image.WritableLayer;
import io.varve.image.chain.Chain;
import io.varve.image.op.CopyOp;
import io.varve.image.op.CopyResult;
import io.varve.image.qcow2.Compression;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.raw.RawLayer;
import io.varve.image.storage.FileCopy;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Copies what an open chain shows into new files.
final class CopySource {
  private static final int MOST_THREADS = 4;

  private final Context context;

  CopySource(Context context) {
    this.context = context;
  }

  /// What a copy did.
  ///
  /// @param shared bytes that the store shares instead of copying
  record Copied(long copied, long shared, long skipped) {
    Copied(CopyResult result) {
      this(result.copiedBytes(), 0, result.skippedBytes());
    }

    CloneOutcome outcome(DiskView disk, String snapshot) {
      return new CloneOutcome(disk, snapshot, false, copied, shared, skipped);
    }
  }

  /// A qcow2 copy with the clusters of the source's newest layer. Shares all blocks where the
  /// source is one qcow2 file without internal snapshots and the store can.
  ///
  /// @param shape the layer whose clusters the copy gets: the newest, or the file that holds the
  ///   compute snapshot which `from` shows
  MakeDisk.Filler<Copied> toDisk(Chain from, Layer shape, String phase) {
    return (file, identity) -> {
      long shared = share(from, file, identity);
      if (shared >= 0) {
        return new Copied(0, shared, Math.max(0, from.size() - shared));
      }
      return copy(from, options(from, shape).withIdentity(identity), file, phase);
    };
  }

  private static Qcow2CreateOptions options(Chain from, Layer shape) throws IOException {
    Qcow2CreateOptions options = Qcow2CreateOptions.ofSize(from.size());
    if (shape instanceof Qcow2Layer layer) {
      Qcow2Info info = layer.info();
      return options
          .withClusterBits(Integer.numberOfTrailingZeros(info.clusterSize()))
          .withExtendedL2(info.extendedL2());
    }
    return options;
  }

  /// Bytes of data shared, or -1 where the whole file cannot be shared.
  private static long share(Chain from, FileStorage file, VarveIdentity identity)
      throws IOException {
    if (from.depth() != 1
        || !(from.top() instanceof Qcow2Layer source)
        || !(source.storage() instanceof FileStorage sourceFile)
        || file.capabilities().fixedSize()
        || !source.info().backing().isEmpty()) {
      return -1;
    }
    List<InternalSnapshot> inside = source.snapshots().list();
    if (!inside.isEmpty() || !FileCopy.reflink(sourceFile, 0, file, 0, sourceFile.size())) {
      return -1;
    }
    try (Qcow2Layer copy = MakeDisk.openIn(file)) {
      copy.setBackingAndIdentity(null, identity);
    }
    return source.usage().dataBytes();
  }

  private Copied copy(Chain from, Qcow2CreateOptions options, Storage file, String phase)
      throws IOException {
    Qcow2Create.create(file, options);
    try (Qcow2Layer target = openKept(file)) {
      return copy(from, target, phase);
    }
  }

  /// A qcow2 file of the usual kind, plain or compressed; durable on return.
  Copied toQcow2File(Chain from, FileStorage file, @Nullable Compression compression)
      throws IOException {
    Qcow2CreateOptions options = Qcow2CreateOptions.ofSize(from.size());
    if (compression == null) {
      return copy(from, options, file, "export");
    }
    Qcow2Create.create(file, options.withCompression(compression));
    try (Qcow2Layer target = openKept(file)) {
      return new Copied(CopyOp.copyCompressed(from, target, threads(), context.progress("export")));
    }
  }

  private static Qcow2Layer openKept(Storage file) throws IOException {
    return Qcow2Layer.open(ForwardingStorage.handleOn(file), Qcow2Options.readWrite());
  }

  /// A raw file; durable on return.
  Copied toRawFile(Chain from, FileStorage file) throws IOException {
    file.truncate(from.size());
    try (RawLayer target = RawLayer.open(ForwardingStorage.handleOn(file), true)) {
      return copy(from, target, "export");
    }
  }

  private Copied copy(Chain from, WritableLayer target, String phase) throws IOException {
    return new Copied(CopyOp.copy(from, target, threads(), context.progress(phase)));
  }

  private static int threads() {
    return Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MOST_THREADS);
  }
}
