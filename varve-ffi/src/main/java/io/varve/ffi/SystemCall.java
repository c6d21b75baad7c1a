// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

/// The system calls that Varve makes, with their numbers (`unistd_64.h` on x86_64, the generic
/// table on aarch64). Numbers never change: they are the kernel's ABI.
enum SystemCall {
  CLOSE(3, 57),
  COPY_FILE_RANGE(326, 285),
  FADVISE(221, 223),
  FALLOCATE(285, 47),
  FCNTL(72, 25),
  FDATASYNC(75, 83),
  FSTATFS(138, 44),
  FSYNC(74, 82),
  FTRUNCATE(77, 46),
  GETPID(39, 172),
  IOCTL(16, 29),
  LSEEK(8, 62),
  OPENAT(257, 56),
  PREAD(17, 67),
  PWRITE(18, 68),
  STATX(332, 291),
  SYNCFS(306, 267);

  private final int x86;
  private final int arm;

  SystemCall(int x86, int arm) {
    this.x86 = x86;
    this.arm = arm;
  }

  int number(Platform platform) {
    return switch (platform) {
      case LINUX_X86_64 -> x86;
      case LINUX_AARCH64 -> arm;
    };
  }
}
