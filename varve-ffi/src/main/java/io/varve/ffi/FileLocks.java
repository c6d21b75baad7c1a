// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.io.IOException;
import java.nio.ByteBuffer;

/// Byte-range locks that belong to an open file description (`F_OFD_SETLK`), not to the process:
/// two opens of one file conflict even inside one process, and closing one does not drop the
/// other's. Locks go when the [Fd] is closed.
///
/// | bytes of `struct flock` | field |
/// |---|---|
/// | 0-1 | type: 0 read, 1 write, 2 unlock |
/// | 2-3 | whence: 0 |
/// | 8-15 | start |
/// | 16-23 | length |
/// | 24-27 | pid, 0 for OFD commands |
///
/// May be called from any thread. Errors are [SystemCallException]s; a file system without such
/// locks answers `ENOLCK`, `EINVAL` or `EOPNOTSUPP`.
public final class FileLocks {
  private static final int F_OFD_GETLK = 36;
  private static final int F_OFD_SETLK = 37;
  private static final short F_RDLCK = 0;
  private static final short F_WRLCK = 1;
  private static final short F_UNLCK = 2;

  private final Fd fd;

  public FileLocks(Fd fd) {
    this.fd = fd;
  }

  /// Takes a shared lock. False, having taken nothing, if someone holds an exclusive one.
  public boolean tryShared(long start, long length) throws IOException {
    return tryLock(F_RDLCK, start, length);
  }

  /// Takes an exclusive lock; the file must be open for writing. False, having taken nothing, if
  /// someone else holds any.
  public boolean tryExclusive(long start, long length) throws IOException {
    return tryLock(F_WRLCK, start, length);
  }

  private boolean tryLock(short type, long start, long length) throws IOException {
    try {
      fd.call("fcntl", n -> Kernel.fcntl(n, F_OFD_SETLK, flock(type, start, length)));
      fd.locked();
      return true;
    } catch (SystemCallException e) {
      if (e.errno() == Errno.EAGAIN || e.errno() == Errno.EACCES) {
        return false;
      }
      throw e;
    }
  }

  /// Drops what this file holds in the range.
  public void unlock(long start, long length) throws IOException {
    fd.call("fcntl", n -> Kernel.fcntl(n, F_OFD_SETLK, flock(F_UNLCK, start, length)));
  }

  /// Drops whatever the file behind a descriptor holds. A failure leaves it to the close.
  static void dropAll(int number) {
    Kernel.fcntl(number, F_OFD_SETLK, flock(F_UNLCK, 0, 0));
  }

  /// True if someone else holds any lock in the range. Takes none.
  public boolean heldElsewhere(long start, long length) throws IOException {
    return fd.call(
            "fcntl",
            n -> {
              Scratch scratch = Scratch.get();
              ByteBuffer flock = fill(scratch.struct(), F_WRLCK, start, length);
              long result = Kernel.fcntl(n, F_OFD_GETLK, scratch.structAddress());
              return result < 0 ? result : flock.getShort(0) == F_UNLCK ? 0 : 1;
            })
        == 1;
  }

  /// Fills in the struct of this thread and returns its address.
  private static long flock(short type, long start, long length) {
    Scratch scratch = Scratch.get();
    fill(scratch.struct(), type, start, length);
    return scratch.structAddress();
  }

  private static ByteBuffer fill(ByteBuffer flock, short type, long start, long length) {
    return flock.putShort(0, type).putLong(8, start).putLong(16, length);
  }
}
