// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.function.IntToLongFunction;

/// An open file of Linux: a descriptor and the calls on it. Positions and lengths are bytes.
///
/// **Threads.** Every method may be called from any thread at the same time. Calls never wait for
/// each other; [#close()] waits for the running ones, so that the descriptor's number cannot be
/// given to another file under a call that still uses it (`FdGuard`). Calls after close throw
/// [ClosedChannelException].
///
/// **Errors.** [SystemCallException] with the error number; `EINTR` is retried, short transfers are
/// continued.
public final class Fd implements Closeable {
  // Requests of ioctl(2), the same on x86_64 and aarch64.
  private static final long BLKSSZGET = 0x1268;
  private static final long BLKGETSIZE64 = 0x80081272L;
  private static final long FICLONE = 0x40049409L;
  private static final long FICLONERANGE = 0x4020940dL;

  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  /// More than one call of pread or pwrite moves at most (`MAX_RW_COUNT`), cut to whole pages.
  private static final int CALL_MAX = 1 << 30;

  private static final int EINTR = -Errno.EINTR.number();

  private final int number;
  private final FdGuard guard = new FdGuard();

  private Fd(int number) {
    this.number = number;
  }

  /// Opens `path` for reading, and as the flags say. A new file gets `mode`, cut by the umask.
  ///
  /// @throws UnsupportedOperationException on a system other than 64-bit Linux
  public static Fd open(Path path, int mode, OpenFlag... flags) throws SystemCallException {
    int bits = OpenFlag.bits(Platform.require(), flags);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cPath = CPath.of(path, arena);
      long result;
      do {
        result = LibC.open(cPath, bits, mode);
      } while (result == EINTR);
      if (result < 0) {
        throw new SystemCallException("open", (int) -result);
      }
      return new Fd((int) result);
    }
  }

  /// Reads into `dst` until it is full or the file ends; returns the bytes read.
  public int pread(long position, ByteBuffer dst) throws IOException {
    guard.enter();
    try {
      int done = 0;
      while (dst.hasRemaining()) {
        int count =
            dst.isDirect() ? preadDirect(position + done, dst) : preadHeap(position + done, dst);
        if (count == 0) {
          break;
        }
        done += count;
      }
      return done;
    } finally {
      guard.leave();
    }
  }

  private int preadDirect(long position, ByteBuffer dst) throws SystemCallException {
    MemorySegment memory = MemorySegment.ofBuffer(dst);
    int count = checked("pread", retryPread(memory, Math.min(dst.remaining(), CALL_MAX), position));
    dst.position(dst.position() + count);
    return count;
  }

  private int preadHeap(long position, ByteBuffer dst) throws SystemCallException {
    int wanted = Math.min(dst.remaining(), Scratch.TRANSFER_MAX);
    MemorySegment memory = Scratch.get().transfer(wanted);
    int count = checked("pread", retryPread(memory, wanted, position));
    MemorySegment.copy(memory, 0, MemorySegment.ofBuffer(dst), 0, count);
    dst.position(dst.position() + count);
    return count;
  }

  private long retryPread(MemorySegment memory, int count, long position) {
    long result;
    do {
      result = LibC.pread(number, memory, count, position);
    } while (result == EINTR);
    return result;
  }

  /// Writes all of `src`. On an error its position tells how much was written.
  public void pwrite(long position, ByteBuffer src) throws IOException {
    guard.enter();
    try {
      long at = position;
      while (src.hasRemaining()) {
        int count = pwriteOnce(at, src);
        if (count == 0) {
          // No file does this for a count above zero; it must not become an endless loop.
          throw new SystemCallException("pwrite", Errno.EIO.number());
        }
        at += count;
        src.position(src.position() + count);
      }
    } finally {
      guard.leave();
    }
  }

  private int pwriteOnce(long position, ByteBuffer src) throws SystemCallException {
    MemorySegment memory = MemorySegment.ofBuffer(src);
    int wanted = Math.min(src.remaining(), CALL_MAX);
    if (!src.isDirect()) {
      wanted = Math.min(wanted, Scratch.TRANSFER_MAX);
      MemorySegment transfer = Scratch.get().transfer(wanted);
      MemorySegment.copy(memory, 0, transfer, 0, wanted);
      memory = transfer;
    }
    long result;
    do {
      result = LibC.pwrite(number, memory, wanted, position);
    } while (result == EINTR);
    return checked("pwrite", result);
  }

  /// Makes data durable, and of the metadata what is needed to read it back.
  public void fdatasync() throws IOException {
    call("fdatasync", LibC::fdatasync);
  }

  /// Makes data and all metadata durable; for a folder, its entries.
  public void fsync() throws IOException {
    call("fsync", LibC::fsync);
  }

  /// Sets the length; growth reads as zero.
  public void ftruncate(long length) throws IOException {
    call("ftruncate", fd -> LibC.ftruncate(fd, length));
  }

  /// `EOPNOTSUPP` where the file system cannot.
  public void fallocate(AllocateMode mode, long position, long length) throws IOException {
    call("fallocate", fd -> LibC.fallocate(fd, mode.bits(), position, length));
  }

  /// Start of the first data at or after `position`, -1 where only a hole or nothing follows.
  public long seekData(long position) throws IOException {
    return seek(position, SEEK_DATA);
  }

  /// Start of the first hole at or after `position` (the end of the file counts as one), -1 where
  /// `position` lies past the end.
  public long seekHole(long position) throws IOException {
    return seek(position, SEEK_HOLE);
  }

  private long seek(long position, int whence) throws IOException {
    try {
      return call("lseek", fd -> LibC.lseek(fd, position, whence));
    } catch (SystemCallException e) {
      if (e.errno() == Errno.ENXIO) {
        return -1;
      }
      throw e;
    }
  }

  public FileStat stat() throws IOException {
    guard.enter();
    try {
      return FileStat.of(number);
    } finally {
      guard.leave();
    }
  }

  /// The file system that holds it.
  public FileSystemStat fileSystem() throws IOException {
    guard.enter();
    try {
      return FileSystemStat.of(number);
    } finally {
      guard.leave();
    }
  }

  /// Size of a block device in bytes (`BLKGETSIZE64`).
  public long blockDeviceSize() throws IOException {
    return call(
        "ioctl",
        fd -> {
          MemorySegment size = Scratch.get().struct();
          long result = LibC.ioctl(fd, BLKGETSIZE64, size);
          return result < 0 ? result : size.get(JAVA_LONG, 0);
        });
  }

  /// Smallest unit in bytes that a block device reads and writes (`BLKSSZGET`).
  public int logicalBlockSize() throws IOException {
    return (int)
        call(
            "ioctl",
            fd -> {
              MemorySegment size = Scratch.get().struct();
              long result = LibC.ioctl(fd, BLKSSZGET, size);
              return result < 0 ? result : size.get(JAVA_INT, 0);
            });
  }

  /// Makes this file share all data of `from` (`FICLONE`).
  public void cloneFrom(Fd from) throws IOException {
    // FICLONE takes the descriptor itself where other requests take an address.
    withBoth(from, other -> LibC.ioctl(number, FICLONE, MemorySegment.ofAddress(other)), "ioctl");
  }

  /// Makes the range of this file share the data of a range of `from` (`FICLONERANGE`). Both must
  /// be aligned to the file system's blocks, except where the range ends with `from`.
  ///
  /// Errors: `EOPNOTSUPP` or `ENOTTY` where the file system cannot, `EXDEV` across file systems,
  /// `EINVAL` for unaligned ranges.
  public void cloneRangeFrom(Fd from, long fromPosition, long position, long length)
      throws IOException {
    withBoth(
        from,
        other -> {
          MemorySegment range = Scratch.get().struct();
          range.set(JAVA_LONG, 0, other);
          range.set(JAVA_LONG, 8, fromPosition);
          range.set(JAVA_LONG, 16, length);
          range.set(JAVA_LONG, 24, position);
          return LibC.ioctl(number, FICLONERANGE, range);
        },
        "ioctl");
  }

  /// Copies inside the kernel, at most `length` bytes; returns how many, 0 at the end of `from`.
  public long copyRangeFrom(Fd from, long fromPosition, long position, long length)
      throws IOException {
    return withBoth(
        from,
        other -> {
          MemorySegment positions = Scratch.get().struct();
          positions.set(JAVA_LONG, 0, fromPosition);
          positions.set(JAVA_LONG, 8, position);
          return LibC.copyFileRange(
              other, positions.asSlice(0, 8), number, positions.asSlice(8, 8), length);
        },
        "copy_file_range");
  }

  /// Tells the kernel what reads to expect; length 0 means to the end.
  public void advise(Advice advice, long position, long length) throws IOException {
    call("posix_fadvise", fd -> LibC.posixFadvise(fd, position, length, advice.number()));
  }

  /// Throws once it is closed; for what needs no call.
  public void requireOpen() throws ClosedChannelException {
    guard.enter();
    guard.leave();
  }

  /// Closes without flushing, after the running calls. Idempotent.
  @Override
  public void close() throws IOException {
    // Never again after EINTR: Linux has freed the number by then.
    if (guard.shut()) {
      long result = LibC.close(number);
      if (result < 0 && result != EINTR) {
        throw new SystemCallException("close", (int) -result);
      }
    }
  }

  /// Runs one call on the descriptor, again while it is interrupted.
  long call(String name, IntToLongFunction call) throws IOException {
    guard.enter();
    try {
      long result;
      do {
        result = call.applyAsLong(number);
      } while (result == EINTR);
      if (result < 0) {
        throw new SystemCallException(name, (int) -result);
      }
      return result;
    } finally {
      guard.leave();
    }
  }

  private long withBoth(Fd from, IntToLongFunction call, String name) throws IOException {
    guard.enter();
    try {
      return from.call(name, call);
    } finally {
      guard.leave();
    }
  }

  private static int checked(String name, long result) throws SystemCallException {
    if (result < 0) {
      throw new SystemCallException(name, (int) -result);
    }
    return (int) result;
  }
}
