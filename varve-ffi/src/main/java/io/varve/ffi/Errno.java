// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

/// The error numbers that Varve meets, with a reason in words (`errno-base.h`,
/// `asm-generic/errno.h`; the same on x86_64 and aarch64).
public enum Errno {
  EPERM(1, "operation not permitted"),
  ENOENT(2, "no such file or folder"),
  EINTR(4, "interrupted"),
  EIO(5, "input/output error of the device"),
  ENXIO(6, "no such device or address"),
  EBADF(9, "not open in a way that allows this"),
  EAGAIN(11, "held by another process"),
  ENOMEM(12, "out of memory"),
  EACCES(13, "permission denied"),
  ENOTBLK(15, "not a block device"),
  EBUSY(16, "device or file is busy"),
  EEXIST(17, "exists already"),
  EXDEV(18, "on different file systems"),
  ENODEV(19, "no such device"),
  ENOTDIR(20, "a part of the path is not a folder"),
  EISDIR(21, "is a folder"),
  EINVAL(22, "invalid argument"),
  ENFILE(23, "too many open files in the system"),
  EMFILE(24, "too many open files in this process"),
  ENOTTY(25, "not supported by this kind of file"),
  ETXTBSY(26, "in use as a program or as swap space"),
  EFBIG(27, "larger than the file system allows"),
  ENOSPC(28, "no space left on the device"),
  ESPIPE(29, "not seekable"),
  EROFS(30, "the file system is read-only"),
  ENAMETOOLONG(36, "name too long"),
  ENOLCK(37, "no locks available"),
  ENOSYS(38, "not supported by this kernel"),
  ELOOP(40, "too many symbolic links"),
  EOVERFLOW(75, "value too large"),
  EOPNOTSUPP(95, "not supported by the file system"),
  ETIMEDOUT(110, "timed out"),
  ESTALE(116, "stale file handle: the file is gone from its server"),
  EREMOTEIO(121, "remote input/output error"),
  EDQUOT(122, "disk quota exceeded"),
  /// Any number that is not in this list.
  OTHER(0, "error");

  private static final int HIGHEST = 133;
  private static final Errno[] BY_NUMBER = new Errno[HIGHEST + 1];

  static {
    java.util.Arrays.fill(BY_NUMBER, OTHER);
    for (Errno errno : values()) {
      BY_NUMBER[errno.number] = errno;
    }
  }

  private final int number;
  private final String reason;

  Errno(int number, String reason) {
    this.number = number;
    this.reason = reason;
  }

  /// The number that the kernel returns.
  public int number() {
    return number;
  }

  /// The reason in words, without the name.
  public String reason() {
    return reason;
  }

  /// The error of that number, [#OTHER] if it is not in the list.
  public static Errno of(int number) {
    return number > 0 && number <= HIGHEST ? BY_NUMBER[number] : OTHER;
  }
}
