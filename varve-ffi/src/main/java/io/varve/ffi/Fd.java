// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.io.Closeable;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
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

  /// Set once anything was locked through this descriptor.
  private volatile boolean locked;

  private Fd(int number) {
    this.number = number;
  }

  /// Opens `path` for reading, and as the flags say. A new file gets `mode`, cut by the umask.
  ///
  /// @throws UnsupportedOperationException on a system other than 64-bit Linux
  public static Fd open(Path path, int mode, OpenFlag... flags) throws SystemCallException {
    int bits = OpenFlag.bits(Platform.require(), flags);
    long cPath = CPath.put(Scratch.get(), path);
    long result;
    do {
      result = Kernel.open(cPath, bits, mode);
    } while (result == EINTR);
    if (result < 0) {
      throw new SystemCallException("open", (int) -result);
    }
    return new Fd((int) result);
  }

  /// Reads into `dst` until it is full or the file ends; returns the bytes read.
  public int pread(long position, ByteBuffer dst) throws IOException {
    if (dst.isReadOnly()) {
      throw new ReadOnlyBufferException();
    }
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
      Reference.reachabilityFence(dst);
    }
  }

  private int preadDirect(long position, ByteBuffer dst) throws SystemCallException {
    int wanted = Math.min(dst.remaining(), CALL_MAX);
    int count = retryPread(Scratch.address(dst), wanted, position);
    dst.position(dst.position() + count);
    return count;
  }

  private int preadHeap(long position, ByteBuffer dst) throws SystemCallException {
    int wanted = Math.min(dst.remaining(), Scratch.TRANSFER_MAX);
    Scratch scratch = Scratch.get();
    ByteBuffer transfer = scratch.transfer(wanted);
    int count = retryPread(scratch.transferAddress(), wanted, position);
    dst.put(dst.position(), transfer, 0, count);
    dst.position(dst.position() + count);
    return count;
  }

  private int retryPread(long address, int count, long position) throws SystemCallException {
    long result;
    do {
      result = Kernel.pread(number, address, count, position);
    } while (result == EINTR);
    return checked("pread", result);
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
      Reference.reachabilityFence(src);
    }
  }

  private int pwriteOnce(long position, ByteBuffer src) throws SystemCallException {
    int wanted = Math.min(src.remaining(), CALL_MAX);
    long address;
    if (src.isDirect()) {
      address = Scratch.address(src);
    } else {
      wanted = Math.min(wanted, Scratch.TRANSFER_MAX);
      Scratch scratch = Scratch.get();
      scratch.transfer(wanted).put(0, src, src.position(), wanted);
      address = scratch.transferAddress();
    }
    long result;
    do {
      result = Kernel.pwrite(number, address, wanted, position);
    } while (result == EINTR);
    return checked("pwrite", result);
  }

  /// Makes data durable, and of the metadata what is needed to read it back.
  public void fdatasync() throws IOException {
    call("fdatasync", Kernel::fdatasync);
  }

  /// Makes data and all metadata durable; for a folder, its entries.
  public void fsync() throws IOException {
    call("fsync", Kernel::fsync);
  }

  /// Makes durable whatever anyone has changed on the file system that this file lies on. Fails if
  /// any of that could not be written since this file was opened (from Linux 5.8 on).
  public void syncfs() throws IOException {
    call("syncfs", Kernel::syncfs);
  }

  /// Sets the length; growth reads as zero.
  public void ftruncate(long length) throws IOException {
    call("ftruncate", fd -> Kernel.ftruncate(fd, length));
  }

  /// `EOPNOTSUPP` where the file system cannot.
  public void fallocate(AllocateMode mode, long position, long length) throws IOException {
    call("fallocate", fd -> Kernel.fallocate(fd, mode.bits(), position, length));
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
      return call("lseek", fd -> Kernel.lseek(fd, position, whence));
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
          Scratch scratch = Scratch.get();
          ByteBuffer size = scratch.struct();
          long result = Kernel.ioctl(fd, BLKGETSIZE64, scratch.structAddress());
          return result < 0 ? result : size.getLong(0);
        });
  }

  /// Smallest unit in bytes that a block device reads and writes (`BLKSSZGET`).
  public int logicalBlockSize() throws IOException {
    return (int)
        call(
            "ioctl",
            fd -> {
              Scratch scratch = Scratch.get();
              ByteBuffer size = scratch.struct();
              long result = Kernel.ioctl(fd, BLKSSZGET, scratch.structAddress());
              return result < 0 ? result : size.getInt(0);
            });
  }

  /// Makes this file share all data of `from` (`FICLONE`).
  public void cloneFrom(Fd from) throws IOException {
    // FICLONE takes the descriptor itself where other requests take an address.
    withBoth(from, other -> Kernel.ioctl(number, FICLONE, other), "ioctl");
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
          Scratch scratch = Scratch.get();
          scratch
              .struct()
              .putLong(0, other)
              .putLong(8, fromPosition)
              .putLong(16, length)
              .putLong(24, position);
          return Kernel.ioctl(number, FICLONERANGE, scratch.structAddress());
        },
        "ioctl");
  }

  /// Copies inside the kernel, at most `length` bytes; returns how many, 0 at the end of `from`.
  public long copyRangeFrom(Fd from, long fromPosition, long position, long length)
      throws IOException {
    return withBoth(
        from,
        other -> {
          Scratch scratch = Scratch.get();
          scratch.struct().putLong(0, fromPosition).putLong(8, position);
          long positions = scratch.structAddress();
          return Kernel.copyFileRange(other, positions, number, positions + 8, length);
        },
        "copy_file_range");
  }

  /// Tells the kernel what reads to expect; length 0 means to the end.
  public void advise(Advice advice, long position, long length) throws IOException {
    call("posix_fadvise", fd -> Kernel.posixFadvise(fd, position, length, advice.number()));
  }

  /// Throws once it is closed; for what needs no call.
  public void requireOpen() throws ClosedChannelException {
    guard.enter();
    guard.leave();
  }

  /// Told by [FileLocks].
  void locked() {
    locked = true;
  }

  /// Closes without flushing, after the running calls, and drops its locks. Idempotent.
  @Override
  public void close() throws IOException {
    // Never again after EINTR: Linux has freed the number by then.
    if (guard.shut()) {
      if (locked) {
        // A process that is being started just now has the description too, until its exec: the
        // locks would outlive the close.
        FileLocks.dropAll(number);
      }
      long result = Kernel.close(number);
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
