// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import io.varve.cli.text.ByteSize;
import io.varve.engine.DiskAddress;
import io.varve.engine.Varve;
import io.varve.engine.model.DiskIo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Bytes into disks and out of them, as a guest would put them there.
final class DiskBytes {
  private DiskBytes() {}

  /// What the disk's counters gained while `work` ran, said in one line on standard error.
  private static DiskIo counted(Varve varve, DiskAddress disk, boolean wanted, Work work)
      throws IOException {
    if (!wanted) {
      work.run();
      return DiskIo.NONE;
    }
    DiskIo before = varve.data().io(disk);
    work.run();
    return IoText.minus(varve.data().io(disk), before);
  }

  @FunctionalInterface
  private interface Work {
    void run() throws IOException;
  }

  /// Copies bytes of a disk to standard output.
  @Command(
      name = "read",
      description = {
        "Copies bytes of a disk to standard output. DISK@SNAP gives what it was at the snapshot.",
        "Offsets may be written 1M or 0x100000.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve disk read shop 0 512 | xxd",
        "  varve disk read shop@clean 1M 64K > block",
      })
  static final class Read extends Action {
    @Parameters(index = "0", paramLabel = "DISK[@SNAP]")
    String source = "";

    @Parameters(index = "1", paramLabel = "OFFSET", converter = SizeConverter.class)
    long offset;

    @Parameters(index = "2", paramLabel = "LENGTH", converter = SizeConverter.class)
    long length;

    @Option(names = "--io", description = "counts what this cost on the host (standard error)")
    boolean io;

    @Override
    void run(Session session) throws Exception {
      if (session.terminal().tty().out()) {
        throw new UsageException(
            "the bytes of a disk would go to your terminal",
            "send them on: ... | xxd, or ... > FILE");
      }
      DiskAddress address = DiskAddress.parse(source);
      DiskIo spent =
          counted(
              session.varve(),
              address.diskOnly(),
              io,
              () -> session.varve().data().read(address, offset, length, session.terminal().out()));
      if (io) {
        session.terminal().flush();
        IoText.sentence(session, spent).forEach(session::note);
      }
    }
  }

  /// Writes bytes into a disk.
  @Command(
      name = "write",
      description = {
        "Writes bytes into a disk from OFFSET on and flushes them: from standard input, from a",
        "file, or a repeated byte. A snapshot is never written: name the disk.",
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  varve disk write shop 1M < block",
        "  varve disk write shop 0x100000 --pattern 0x5a --length 64K --io",
      })
  static final class Write extends Action {
    @Parameters(index = "0", paramLabel = "DISK")
    String disk = "";

    @Parameters(index = "1", paramLabel = "OFFSET", converter = SizeConverter.class)
    long offset;

    @Option(names = "--from", paramLabel = "FILE", description = "writes what FILE holds")
    @Nullable Path from;

    @Option(
        names = "--pattern",
        paramLabel = "BYTE",
        converter = SizeConverter.class,
        description = "writes this byte (0 to 255, or 0x00 to 0xff) --length times")
    @Nullable Long pattern;

    @Option(
        names = "--length",
        paramLabel = "SIZE",
        converter = SizeConverter.class,
        description = "writes at most so many bytes; with --pattern exactly so many")
    @Nullable Long length;

    @Option(names = "--io", description = "counts what this cost on the host")
    boolean io;

    @Override
    void run(Session session) throws Exception {
      DiskAddress address = DiskAddress.parseDisk(disk);
      long most = mostBytes();
      long[] written = new long[1];
      DiskIo spent;
      try (InputStream in = source(session)) {
        spent =
            counted(
                session.varve(),
                address,
                io,
                () -> written[0] = session.varve().data().write(address, offset, in, most));
      }
      Shapes.Shape json =
          Shapes.shape()
              .with("disk", disk)
              .with("offset", offset)
              .with("writtenBytes", written[0])
              .with("io", io ? Shapes.io(spent) : null);
      session.answer(
          json,
          "%s: %s written at %s and flushed"
              .formatted(disk, session.size(written[0]), "0x" + Long.toHexString(offset)));
      if (io) {
        session.also(IoText.sentence(session, spent));
      }
    }

    /// How many bytes come at most, so that what cannot fit is refused before the first is written.
    private long mostBytes() throws IOException {
      long asked = length == null ? Long.MAX_VALUE : length;
      if (from == null) {
        return asked;
      }
      if (Files.isDirectory(from)) {
        throw new UsageException(from + " is a folder", "give a file with --from");
      }
      return Files.isRegularFile(from) ? Math.min(asked, Files.size(from)) : asked;
    }

    private InputStream source(Session session) throws IOException {
      if (pattern != null) {
        if (length == null || from != null || pattern > 255) {
          throw new UsageException(
              "--pattern takes a byte and needs --length, and no --from",
              "write, for example: --pattern 0x5a --length 64K");
        }
        return new RepeatedByte(pattern.byteValue(), length);
      }
      if (from != null) {
        return Files.newInputStream(from);
      }
      if (session.terminal().tty().in()) {
        throw new UsageException(
            "there is nothing to write: standard input is your terminal",
            "send it bytes: ... < FILE, or use --from FILE, or --pattern BYTE --length SIZE");
      }
      return session.terminal().in();
    }
  }

  /// A range of a disk, which one of two verbs empties.
  abstract static class Range extends Action {
    @Parameters(index = "0", paramLabel = "DISK")
    String disk = "";

    @Parameters(index = "1", paramLabel = "OFFSET", converter = SizeConverter.class)
    long offset;

    @Parameters(index = "2", paramLabel = "LENGTH", converter = SizeConverter.class)
    long length;

    abstract void apply(Session session, DiskAddress address);

    abstract String done();

    @Override
    void run(Session session) {
      DiskAddress address = DiskAddress.parseDisk(disk);
      apply(session, address);
      session.answer(
          Shapes.shape().with("disk", disk).with("offset", offset).with("length", length),
          "%s: %s from 0x%x on %s"
              .formatted(disk, ByteSize.show(length, session.options().exact), offset, done()));
    }
  }

  /// Makes a range read as zero.
  @Command(
      name = "zero",
      description = "Makes a range of a disk read as zero, without writing zeros where it can.",
      footerHeading = "%nExample:%n",
      footer = "  varve disk zero shop 1M 64K")
  static final class Zero extends Range {
    @Override
    void apply(Session session, DiskAddress address) {
      session.varve().data().zero(address, offset, length);
    }

    @Override
    String done() {
      return "read as zero";
    }
  }

  /// Drops a range.
  @Command(
      name = "discard",
      description = {
        "Says that a range of a disk is no longer needed, as a guest's TRIM does. Whole clusters",
        "go back to the store; what the range reads as afterwards is not promised.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve disk discard shop 1M 64K")
  static final class Discard extends Range {
    @Override
    void apply(Session session, DiskAddress address) {
      session.varve().data().discard(address, offset, length);
    }

    @Override
    String done() {
      return "discarded";
    }
  }
}
