// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import io.varve.ffi.AllocateMode;
import io.varve.ffi.Errno;
import io.varve.ffi.Fd;
import io.varve.ffi.FileLocks;
import io.varve.ffi.FileSystemStat;
import io.varve.ffi.OpenFlag;
import io.varve.ffi.SystemCallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// Finds out what a folder's file system can do by doing it, in scratch files that lose their names
/// (`.varve-probe-…`) before anything is tried: a kill leaves no garbage but in that moment.
///
/// May be called from any thread, also for one folder at the same time.
public final class StoreProbe {
  private static final int BYTES = 1 << 20;
  private static final AtomicLong NUMBER = new AtomicLong();

  private StoreProbe() {}

  /// Tries it all; takes some milliseconds and a megabyte of space.
  ///
  /// @throws NoSpaceException if not even that is left
  /// @throws IOException if the folder is missing or takes no files; the message begins with its
  ///   path
  public static StoreFacts probe(Path folder) throws IOException {
    try (Scratch scratch = new Scratch(folder)) {
      List<Fd> first = scratch.file("a", new OpenFlag[0]);
      Fd file = first.getFirst();
      Fd second = scratch.file("b").getFirst();
      FileSystemStat system = file.fileSystem();
      int block = Math.toIntExact(system.blockSize());
      fill(file);
      return new StoreFacts(
          Files.getFileStore(folder).type(),
          system.totalBytes(),
          system.freeBytes(),
          block,
          punches(file),
          shares(file, second),
          tellsHoles(second),
          writesDirect(scratch, block),
          locks(file, first.getLast()));
    } catch (SystemCallException e) {
      throw FileErrors.of(folder.toString(), "probe of the file system", e);
    }
  }

  private static void fill(Fd file) throws IOException {
    byte[] data = new byte[BYTES];
    java.util.Arrays.fill(data, (byte) 0x56);
    file.pwrite(0, ByteBuffer.wrap(data));
    // Only what is on the disk can be shared or given back.
    file.fdatasync();
  }

  private static boolean punches(Fd file) throws IOException {
    if (!works(() -> file.fallocate(AllocateMode.PUNCH_HOLE, BYTES / 2, BYTES / 4))) {
      return false;
    }
    ByteBuffer two = ByteBuffer.allocate(2);
    file.pread(BYTES / 2 - 1, two);
    return two.get(0) != 0 && two.get(1) == 0;
  }

  private static boolean shares(Fd from, Fd to) throws IOException {
    return works(() -> to.cloneRangeFrom(from, 0, 0, BYTES / 4));
  }

  /// A file with one byte far behind a hole: does the store see the hole?
  private static boolean tellsHoles(Fd file) throws IOException {
    file.ftruncate(0);
    file.pwrite(4L * BYTES, ByteBuffer.wrap(new byte[] {1}));
    return file.seekData(0) > 0 && file.stat().blocks() * 512 < 4L * BYTES;
  }

  private static boolean writesDirect(Scratch scratch, int block) throws IOException {
    // Twice a block of memory always has an aligned one in it.
    ByteBuffer aligned = ByteBuffer.allocateDirect(2 * block).alignedSlice(block).limit(block);
    OpenFlag[] direct = {OpenFlag.WRITE, OpenFlag.DIRECT};
    return works(() -> scratch.file("c", direct).getLast().pwrite(0, aligned));
  }

  private static boolean locks(Fd file, Fd again) throws IOException {
    return works(() -> {
      if (!new FileLocks(file).tryShared(0, 1) || !new FileLocks(again).heldElsewhere(0, 1)) {
        throw new SystemCallException("fcntl", Errno.EOPNOTSUPP.number());
      }
    });
  }

  private interface Attempt {
    void run() throws IOException;
  }

  /// False if the store cannot do it; a full or broken store is an error all the same.
  private static boolean works(Attempt attempt) throws IOException {
    try {
      attempt.run();
      return true;
    } catch (SystemCallException e) {
      return switch (e.errno()) {
        case ENOSPC, EDQUOT, EIO -> throw e;
        default -> false;
      };
    }
  }

  /// The scratch files, without names: the first opened twice.
  private static final class Scratch implements AutoCloseable {
    private final List<Fd> open = new ArrayList<>();
    private final Path folder;
    private final String name =
        ".varve-probe-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();

    Scratch(Path folder) {
      this.folder = folder;
    }

    /// A new file, opened once for each set of flags.
    List<Fd> file(String suffix, OpenFlag[]... flags) throws IOException {
      Path path = folder.resolve(name + suffix);
      open.add(Fd.open(path, 0600, OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE));
      List<Fd> opened = new ArrayList<>(List.of(open.getLast()));
      try {
        for (OpenFlag[] each : flags) {
          open.add(Fd.open(path, 0, each));
          opened.add(open.getLast());
        }
      } finally {
        Files.delete(path);
      }
      return opened;
    }

    @Override
    public void close() throws IOException {
      for (Fd fd : open) {
        fd.close();
      }
    }
  }
}
