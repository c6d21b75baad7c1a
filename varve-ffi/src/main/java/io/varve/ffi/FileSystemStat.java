// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.nio.ByteBuffer;

/// What `fstatfs(2)` tells of the file system that holds a file.
///
/// | bytes of `struct statfs` | field |
/// |---|---|
/// | 0-7 | type, a magic number |
/// | 8-15 | block size |
/// | 16-23 | blocks in all |
/// | 24-31 | free blocks |
/// | 32-39 | free blocks for users without privileges |
///
/// @param type magic number of its kind (`statfs(2)` lists them)
/// @param blockSize bytes of one block
/// @param totalBytes size of the file system
/// @param freeBytes free for users without privileges
public record FileSystemStat(long type, long blockSize, long totalBytes, long freeBytes) {
  /// FAT: no holes, no punching.
  public static final long MSDOS = 0x4d44;

  /// exFAT: no holes, no punching.
  public static final long EXFAT = 0x2011bab0L;

  public static final long EXT = 0xef53;
  public static final long XFS = 0x58465342L;
  public static final long BTRFS = 0x9123683eL;
  public static final long TMPFS = 0x01021994L;

  static FileSystemStat of(int fd) throws SystemCallException {
    Scratch scratch = Scratch.get();
    ByteBuffer s = scratch.struct();
    long result;
    do {
      result = Kernel.fstatfs(fd, scratch.structAddress());
    } while (result == -Errno.EINTR.number());
    if (result < 0) {
      throw new SystemCallException("fstatfs", (int) -result);
    }
    long block = s.getLong(8);
    return new FileSystemStat(s.getLong(0), block, block * s.getLong(16), block * s.getLong(32));
  }
}
