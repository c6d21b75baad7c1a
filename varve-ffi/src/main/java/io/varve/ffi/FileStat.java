// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/// What `statx(2)` tells of a file. `statx` is used because its struct is the same on every
/// architecture, which `struct stat` is not.
///
/// | bytes of `struct statx` | field |
/// |---|---|
/// | 4-7 | preferred block size |
/// | 28-29 | mode |
/// | 32-39 | inode |
/// | 40-47 | size |
/// | 48-55 | blocks of 512 bytes |
/// | 96-107 | when the inode was last changed, seconds and nanoseconds |
/// | 112-123 | when the content was last changed |
/// | 128-135 | device that it is, major and minor |
/// | 136-143 | device that holds it, major and minor |
///
/// @param mode type and permissions (`st_mode`)
/// @param size length in bytes; 0 for a device
/// @param blocks units of 512 bytes that it takes on its file system
/// @param blockSize preferred size of one transfer, in bytes
/// @param device number of the file system that holds it
/// @param inode its number in that file system
/// @param ownDevice number of the device that it is, 0 for a file
/// @param changed when its content, permissions, owner or names were last changed, nanoseconds
///   since 1970; no program can set it back
/// @param modified when its content was last changed, likewise; any owner can set it
public record FileStat(
    int mode,
    long size,
    long blocks,
    int blockSize,
    long device,
    long inode,
    long ownDevice,
    long changed,
    long modified) {
  private static final int AT_FDCWD = -100;
  private static final int AT_EMPTY_PATH = 0x1000;
  static final int STATX_BASIC_STATS = 0x7ff;
  private static final long NANOS = 1_000_000_000;
  private static final int TYPE_MASK = 0xf000;
  private static final int REGULAR = 0x8000;
  private static final int FOLDER = 0x4000;
  private static final int BLOCK_DEVICE = 0x6000;
  private static final int CHARACTER_DEVICE = 0x2000;
  private static final int FIFO = 0x1000;
  private static final int SOCKET = 0xc000;

  /// Looks at a path, following symbolic links.
  public static FileStat of(Path path) throws SystemCallException {
    Scratch scratch = Scratch.get();
    return read(AT_FDCWD, scratch, CPath.put(scratch, path), 0);
  }

  static FileStat of(int fd) throws SystemCallException {
    Scratch scratch = Scratch.get();
    return read(fd, scratch, CPath.putEmpty(scratch), AT_EMPTY_PATH);
  }

  private static FileStat read(int folder, Scratch scratch, long path, int flags)
      throws SystemCallException {
    ByteBuffer s = scratch.struct();
    long result;
    do {
      result = Kernel.statx(folder, path, flags, STATX_BASIC_STATS, scratch.structAddress());
    } while (result == -Errno.EINTR.number());
    if (result < 0) {
      throw new SystemCallException("statx", (int) -result);
    }
    return parse(s);
  }

  /// The bytes of a `struct statx`, from the buffer's start.
  static FileStat parse(ByteBuffer s) {
    return new FileStat(
        Short.toUnsignedInt(s.getShort(28)),
        s.getLong(40),
        s.getLong(48),
        s.getInt(4),
        deviceNumber(s, 136),
        s.getLong(32),
        deviceNumber(s, 128),
        nanos(s, 96),
        nanos(s, 112));
  }

  private static long nanos(ByteBuffer s, int at) {
    return s.getLong(at) * NANOS + s.getInt(at + 8);
  }

  private static long deviceNumber(ByteBuffer s, int at) {
    return (long) s.getInt(at) << 32 | Integer.toUnsignedLong(s.getInt(at + 4));
  }

  public boolean isRegularFile() {
    return (mode & TYPE_MASK) == REGULAR;
  }

  public boolean isBlockDevice() {
    return (mode & TYPE_MASK) == BLOCK_DEVICE;
  }

  /// The type in words, for messages.
  public String typeName() {
    return switch (mode & TYPE_MASK) {
      case REGULAR -> "file";
      case FOLDER -> "folder";
      case BLOCK_DEVICE -> "block device";
      case CHARACTER_DEVICE -> "character device";
      case FIFO -> "fifo";
      case SOCKET -> "socket";
      default -> "file of unknown type";
    };
  }

  /// Major number of the device that it is.
  public int ownMajor() {
    return (int) (ownDevice >>> 32);
  }

  /// Minor number of the device that it is.
  public int ownMinor() {
    return (int) ownDevice;
  }
}
