// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.AlreadyExistsException;
import io.varve.engine.DiskAddress;
import io.varve.engine.NotFoundException;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.ExportSpec;
import io.varve.engine.model.PoolKind;
import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.image.storage.Directories;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/// Images that come into a pool, and that go out of it.
final class ImageFiles {
  private final Parts parts;
  private final CopySource copies;

  ImageFiles(Parts parts) {
    this.parts = parts;
    this.copies = new CopySource(parts.context());
  }

  static void requireFile(Path image) {
    if (!Files.exists(image)) {
      throw new NotFoundException(
          ProblemCode.FILE_NOT_FOUND, "there is no file " + image, "Check the path.");
    }
  }

  CloneOutcome takeIn(PoolSite site, String name, Path image, LayerFormat format)
      throws IOException {
    requireFile(image);
    site.requirePresent();
    MakeDisk.Plan plan = parts.makeDisk().plan(site, name, false);
    if (format == LayerFormat.QCOW2) {
      Intake.requireFit(parts.context(), image);
    }
    ChainOptions alone = ChainOptions.readOnly(OpenGate.extentsBeside());
    try (Chain from = Chain.open(image, format, alone)) {
      Resize.requireSize(from.size());
      CopySource.Copied copied =
          parts
              .verbs()
              .inPool(
                  site,
                  plan.disk(),
                  () -> parts.makeDisk().make(plan, copies.toDisk(from, from.top(), "import")));
      Resolver.Found made =
          parts.resolver().again(plan.disk(), DiskAddress.disk(site.row().name(), name));
      return copied.outcome(parts.diskViews().of(made), "");
    }
  }

  CloneOutcome giveOut(DiskAddress source, Path target, ExportSpec spec) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    requireWritable(spec);
    requireCompressible(spec);
    requireOutside(absolute);
    requireReplaceable(absolute, spec.replace());
    try (Sources.Opened from =
        parts
            .verbs()
            .opening(
                source,
                found -> parts.sources().open(found, source, false, UnaryOperator.identity()))) {
      CopySource.Copied copied = write(from.chain(), absolute, spec);
      Resolver.Found found = parts.resolver().disk(source);
      String snapshot = source.snapshot() == null ? "" : found.address() + "@" + source.snapshot();
      return copied.outcome(parts.diskViews().of(found), snapshot);
    }
  }

  private static void requireWritable(ExportSpec spec) {
    if (!spec.format().writable()) {
      throw new RefusedException(
          ProblemCode.INVALID_REQUEST,
          "images of format " + spec.format().id() + " are read and not written",
          "Export as qcow2 or raw.");
    }
  }

  private static void requireCompressible(ExportSpec spec) {
    if (spec.compression() != null && spec.format() != LayerFormat.QCOW2) {
      throw new RefusedException(
          ProblemCode.INVALID_REQUEST,
          "a " + spec.format().id() + " file has no place for compressed clusters",
          "Export as qcow2 (--format qcow2), or without compression.");
    }
  }

  private void requireOutside(Path target) {
    List<PoolRow> pools = parts.context().read(tx -> tx.pools());
    for (PoolRow pool : pools) {
      if (pool.kind() == PoolKind.VIRTUAL
          && (target.startsWith(pool.path()) || real(target).startsWith(pool.path()))) {
        throw new RefusedException(
            ProblemCode.INVALID_REQUEST,
            target + " lies inside of pool '" + pool.name() + "', where only Varve makes files",
            "Export to another folder.");
      }
    }
  }

  /// The path without symbolic links, as far as it exists.
  private static Path real(Path target) {
    Path folder = target.getParent();
    try {
      return folder == null ? target : folder.toRealPath().resolve(target.getFileName());
    } catch (IOException _) {
      // The folder is missing, which is said next.
      return target;
    }
  }

  private static void requireReplaceable(Path target, boolean replace) {
    Path folder = target.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NotFoundException(
          ProblemCode.FILE_NOT_FOUND, "there is no folder " + folder, "Make it first.");
    }
    if (!Files.exists(target)) {
      return;
    }
    if (!Files.isRegularFile(target)) {
      throw new RefusedException(
          ProblemCode.INVALID_REQUEST, target + " is not a regular file", "Export to a file.");
    }
    if (!replace) {
      throw new AlreadyExistsException(
          ProblemCode.FILE_EXISTS,
          "there is a file " + target + " already",
          "Choose another one, or allow it to be replaced (--replace).");
    }
  }

  private CopySource.Copied write(Chain from, Path target, ExportSpec spec) throws IOException {
    Path unfinished =
        target.resolveSibling(
            "." + target.getFileName() + "." + parts.context().newId() + PoolSite.UNFINISHED);
    try {
      CopySource.Copied copied;
      try (FileStorage file = FileStorage.create(unfinished, LockMode.WRITER)) {
        copied =
            spec.format() == LayerFormat.RAW
                ? copies.toRawFile(from, file)
                : copies.toQcow2File(from, file, spec.compression());
      }
      Directories.replace(unfinished, target);
      return copied;
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }
}
