// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import io.varve.cli.text.Count;
import io.varve.cli.text.Elapsed;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.ExportSpec;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.Compression;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Images into pools and out of them.
final class DiskTransfer {
  private DiskTransfer() {}

  /// The declared format of a file: what the user says, else what its name says. Its content is
  /// never asked: a guest writes the content of a raw image and could make it pass for a qcow2 file
  /// that names any file of the host as its base.
  static LayerFormat format(@Nullable String declared, Path file) throws Exception {
    if (declared != null) {
      String id = declared.toLowerCase(Locale.ROOT);
      return LayerFormat.of(id.equals("vhd") ? "vpc" : id);
    }
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".qcow2") || name.endsWith(".qcow")) {
      return LayerFormat.QCOW2;
    }
    if (name.endsWith(".raw") || name.endsWith(".img")) {
      return LayerFormat.RAW;
    }
    if (name.endsWith(".vmdk")) {
      return LayerFormat.VMDK;
    }
    if (name.endsWith(".vhdx")) {
      return LayerFormat.VHDX;
    }
    if (name.endsWith(".vhd")) {
      return LayerFormat.VPC;
    }
    if (name.endsWith(".vdi")) {
      return LayerFormat.VDI;
    }
    throw new UsageException(
        "the name of %s does not tell its format, and its content is never asked".formatted(file),
        "add --format qcow2 or --format raw");
  }

  private static String copied(Session session, CloneOutcome outcome, long startNanos) {
    return "%s copied, %s shared, %s skipped as empty; %s"
        .formatted(
            session.size(outcome.copiedBytes()),
            session.size(outcome.sharedBytes()),
            session.size(outcome.skippedBytes()),
            Elapsed.human(Elapsed.since(startNanos)));
  }

  /// Copies an image into a pool.
  @Command(
      name = "import",
      description = {
        "Copies an image into a pool as a new disk. FILE stays as it is. Holes and zeros are",
        "skipped, and the disk takes only what the data needs. The format is what --format says,",
        "else what the name ends with (.qcow2, .raw, .img, .vmdk, .vhd, .vhdx, .vdi); the content",
        "is never guessed at. A VMDK may name extents that lie beside it.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve disk import main/shop shop.qcow2",
        "  varve disk import main/mail mail.vmdk",
        "  varve disk import main/old /dev/vg0/old --format raw",
      })
  static final class Import extends Action {
    @Parameters(index = "0", paramLabel = "[POOL/]NAME")
    String name = "";

    @Parameters(index = "1", paramLabel = "FILE")
    Path file = Path.of("");

    @Option(
        names = {"-f", "--format"},
        paramLabel = "FORMAT",
        description = "qcow2, raw, vmdk, vpc (or vhd), vhdx or vdi")
    @Nullable String format;

    @Override
    void run(Session session) throws Exception {
      LayerFormat declared = format(format, file);
      Target target = Target.of(session.varve(), name);
      long start = System.nanoTime();
      CloneOutcome outcome =
          session
              .varve()
              .disks()
              .importImage(
                  target.pool(), target.name(), file.toAbsolutePath().normalize(), declared);
      DiskView disk = outcome.disk();
      session.answer(
          Shapes.copy(outcome),
          "disk %s: %s, %s on the host"
              .formatted(
                  disk.address(),
                  session.size(disk.size()),
                  session.size(disk.space().allocatedBytes())),
          "  " + copied(session, outcome, start));
    }
  }

  /// Takes an image in place.
  @Command(
      name = "register",
      description = {
        "Takes an existing qcow2 image of an external pool as a disk, where it lies. Nothing is",
        "copied; only Varve's identity is written into its header, and QEMU ignores that.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve disk register san/db /mnt/lun7/db.qcow2")
  static final class Register extends Action {
    @Parameters(index = "0", paramLabel = "[POOL/]NAME")
    String name = "";

    @Parameters(index = "1", paramLabel = "FILE")
    Path file = Path.of("");

    @Override
    void run(Session session) {
      Target target = Target.of(session.varve(), name);
      DiskView disk =
          session
              .varve()
              .disks()
              .register(target.pool(), target.name(), file.toAbsolutePath().normalize());
      session.answer(
          Shapes.disk(disk),
          "disk %s: %s in place, %s, %s"
              .formatted(
                  disk.address(),
                  disk.file(),
                  session.size(disk.size()),
                  Count.of(disk.snapshots(), "snapshot")));
    }
  }

  /// Hands an image back.
  @Command(
      name = "unregister",
      description = {
        "Hands the image of an external pool back: it stays where it lies, with its compute",
        "snapshots, and is no disk of Varve's any more. The inverse of register.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve disk unregister san/db")
  static final class Unregister extends Action {
    @Parameters(paramLabel = "DISK")
    String disk = "";

    @Override
    void run(Session session) {
      DiskAddress address = DiskAddress.parseDisk(disk);
      DiskView before = session.varve().disks().show(address);
      session.varve().disks().unregister(address);
      session.answer(
          Shapes.disk(before),
          "%s: handed back; the image stays at %s".formatted(before.address(), before.file()));
    }
  }

  /// Writes a disk or a snapshot into a file of its own.
  @Command(
      name = "export",
      description = {
        "Writes a disk into one image that depends on nothing. DISK@SNAP gives what it was at the",
        "snapshot. This is how to make a backup elsewhere. The format is what --format says, else",
        "what the name ends with.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve disk export shop@clean /backup/shop.qcow2",
        "  varve disk export shop /backup/shop.qcow2 --compress zstd",
        "  varve disk export shop /tmp/shop.img --format raw",
      })
  static final class Export extends Action {
    @Parameters(index = "0", paramLabel = "DISK[@SNAP]")
    String source = "";

    @Parameters(index = "1", paramLabel = "FILE")
    Path file = Path.of("");

    @Option(
        names = {"-f", "--format"},
        paramLabel = "FORMAT",
        description = "qcow2 or raw")
    @Nullable String format;

    @Option(
        names = "--compress",
        paramLabel = "zlib|zstd",
        description = {
          "compress the clusters of a qcow2 FILE: zlib is read by everyone, zstd by QEMU 5.1 and",
          "newer, in a fraction of the time"
        })
    @Nullable Compression compress;

    @Option(names = "--replace", description = "FILE may exist and is overwritten")
    boolean replace;

    @Override
    void run(Session session) throws Exception {
      LayerFormat declared = format(format, file);
      Path target = file.toAbsolutePath().normalize();
      if (replace && Files.exists(target) && !session.confirmed("Overwrites " + target + ".")) {
        return;
      }
      long start = System.nanoTime();
      ExportSpec spec = new ExportSpec(declared, replace, compress);
      CloneOutcome outcome =
          session.varve().disks().exportImage(DiskAddress.parse(source), target, spec);
      session.answer(
          Shapes.copy(outcome).with("file", target.toString()),
          "%s: written to %s (%s)".formatted(source, target, declared.id()),
          "  " + copied(session, outcome, start));
    }
  }
}
