// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

/// The system calls of Linux that Varve makes, each beside its signature in the manual.
///
/// Every method returns what the kernel returns: the result, or the negated error number. Nothing
/// is retried and nothing is thrown. Pointers are addresses of native memory that stays where it is
/// until the call has returned.
final class Kernel {
  private static final int AT_FDCWD = -100;

  private static final Gate GATE;

  private static final int CLOSE;
  private static final int COPY_FILE_RANGE;
  private static final int FADVISE;
  private static final int FALLOCATE;
  private static final int FCNTL;
  private static final int FDATASYNC;
  private static final int FSTATFS;
  private static final int FSYNC;
  private static final int FTRUNCATE;
  private static final int IOCTL;
  private static final int LSEEK;
  private static final int OPENAT;
  private static final int PREAD;
  private static final int PWRITE;
  private static final int STATX;
  private static final int SYNCFS;

  static {
    Platform platform = Platform.require();
    CLOSE = SystemCall.CLOSE.number(platform);
    COPY_FILE_RANGE = SystemCall.COPY_FILE_RANGE.number(platform);
    FADVISE = SystemCall.FADVISE.number(platform);
    FALLOCATE = SystemCall.FALLOCATE.number(platform);
    FCNTL = SystemCall.FCNTL.number(platform);
    FDATASYNC = SystemCall.FDATASYNC.number(platform);
    FSTATFS = SystemCall.FSTATFS.number(platform);
    FSYNC = SystemCall.FSYNC.number(platform);
    FTRUNCATE = SystemCall.FTRUNCATE.number(platform);
    IOCTL = SystemCall.IOCTL.number(platform);
    LSEEK = SystemCall.LSEEK.number(platform);
    OPENAT = SystemCall.OPENAT.number(platform);
    PREAD = SystemCall.PREAD.number(platform);
    PWRITE = SystemCall.PWRITE.number(platform);
    STATX = SystemCall.STATX.number(platform);
    SYNCFS = SystemCall.SYNCFS.number(platform);
    Gate shim = ShimGate.find(platform);
    GATE = shim != null ? shim : new LinkerGate();
  }

  private Kernel() {}

  /// True if calls go through the library of the launchers.
  static boolean usesShim() {
    return GATE instanceof ShimGate;
  }

  // int openat(int dirfd, const char *path, int flags, mode_t mode);
  static long open(long path, int flags, int mode) {
    return GATE.call(OPENAT, AT_FDCWD, path, flags, mode, 0, 0);
  }

  // int close(int fd);
  static long close(int fd) {
    return GATE.call(CLOSE, fd, 0, 0, 0, 0, 0);
  }

  // ssize_t pread(int fd, void *buf, size_t count, off_t offset);
  static long pread(int fd, long buffer, long count, long offset) {
    return GATE.call(PREAD, fd, buffer, count, offset, 0, 0);
  }

  // ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset);
  static long pwrite(int fd, long buffer, long count, long offset) {
    return GATE.call(PWRITE, fd, buffer, count, offset, 0, 0);
  }

  // int fdatasync(int fd);
  static long fdatasync(int fd) {
    return GATE.call(FDATASYNC, fd, 0, 0, 0, 0, 0);
  }

  // int fsync(int fd);
  static long fsync(int fd) {
    return GATE.call(FSYNC, fd, 0, 0, 0, 0, 0);
  }

  // int syncfs(int fd);
  static long syncfs(int fd) {
    return GATE.call(SYNCFS, fd, 0, 0, 0, 0, 0);
  }

  // int ftruncate(int fd, off_t length);
  static long ftruncate(int fd, long length) {
    return GATE.call(FTRUNCATE, fd, length, 0, 0, 0, 0);
  }

  // int fallocate(int fd, int mode, off_t offset, off_t len);
  static long fallocate(int fd, int mode, long offset, long length) {
    return GATE.call(FALLOCATE, fd, mode, offset, length, 0, 0);
  }

  // off_t lseek(int fd, off_t offset, int whence);
  static long lseek(int fd, long offset, int whence) {
    return GATE.call(LSEEK, fd, offset, whence, 0, 0, 0);
  }

  // int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *buf);
  static long statx(int folder, long path, int flags, int mask, long into) {
    return GATE.call(STATX, folder, path, flags, mask, into, 0);
  }

  // int fstatfs(int fd, struct statfs *buf);
  static long fstatfs(int fd, long into) {
    return GATE.call(FSTATFS, fd, into, 0, 0, 0, 0);
  }

  // int ioctl(int fd, unsigned long request, ... /* an address or a number */);
  static long ioctl(int fd, long request, long argument) {
    return GATE.call(IOCTL, fd, request, argument, 0, 0, 0);
  }

  // int fcntl(int fd, int command, ... /* struct flock *lock */);
  static long fcntl(int fd, int command, long argument) {
    return GATE.call(FCNTL, fd, command, argument, 0, 0, 0);
  }

  // int posix_fadvise(int fd, off_t offset, off_t len, int advice);
  static long posixFadvise(int fd, long offset, long length, int advice) {
    return GATE.call(FADVISE, fd, offset, length, advice, 0, 0);
  }

  // ssize_t copy_file_range(int in, off_t *off_in, int out, off_t *off_out, size_t len, unsigned
  // f);
  static long copyFileRange(int from, long fromAt, int to, long toAt, long length) {
    return GATE.call(COPY_FILE_RANGE, from, fromAt, to, toAt, length, 0);
  }
}
