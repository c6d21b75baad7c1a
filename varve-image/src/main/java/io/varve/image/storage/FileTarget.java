// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import io.varve.ffi.AllocateMode;
import io.varve.ffi.Errno;
import io.varve.ffi.Fd;
import io.varve.ffi.FileStat;
import io.varve.ffi.FileSystemStat;
import io.varve.ffi.SystemCallException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/// What was opened, found out once: a file or a block device, its fixed size, what it can do.
///
/// @param stat as it was when it was opened
/// @param fixedSize bytes of a block device, -1 for a file
/// @param blockSize for a block device the unit that punching needs, for a file 1: its kernel
///   zeroes partial blocks itself
/// @param capabilities as the storage reports them
record FileTarget(FileStat stat, long fixedSize, int blockSize, StorageCapabilities capabilities) {
  /// So far behind the end that nobody's growth gets there while the probe runs.
  private static final long PROBE_DISTANCE = 1L << 30;

  private static final long PROBE_LENGTH = 1 << 16;

  private static final Set<Long> KNOWN_TO_PUNCH =
      Set.of(FileSystemStat.EXT, FileSystemStat.XFS, FileSystemStat.BTRFS, FileSystemStat.TMPFS);

  static FileTarget of(Fd fd, FileStat stat, FileAccess access) throws IOException {
    boolean writable = access == FileAccess.READ_WRITE;
    if (stat.isBlockDevice()) {
      return new FileTarget(
          stat,
          fd.blockDeviceSize(),
          fd.logicalBlockSize(),
          new StorageCapabilities(writable && devicePunches(stat), false, true, false));
    }
    return new FileTarget(
        stat,
        -1,
        1,
        new StorageCapabilities(
            writable && filePunches(fd, stat), writable && fileShares(fd), false, tellsHoles(fd)));
  }

  /// Punches where nothing is. A file system that cannot says so before it looks at the range.
  /// Those that are known to punch are spared the trial, because it changes the file's times.
  private static boolean filePunches(Fd fd, FileStat stat) throws IOException {
    if (KNOWN_TO_PUNCH.contains(fd.fileSystem().type())) {
      return true;
    }
    long far = Math.addExact(stat.size() & -PROBE_LENGTH, PROBE_DISTANCE);
    try {
      fd.fallocate(AllocateMode.PUNCH_HOLE, far, PROBE_LENGTH);
      return true;
    } catch (SystemCallException e) {
      // Past the largest size that the file system has: it did look at the range, so it can punch.
      return e.errno() == Errno.EFBIG;
    }
  }

  /// Asks to share the file with itself in place: refused as overlapping where sharing is known at
  /// all, refused as unsupported where it is not; never does anything.
  private static boolean fileShares(Fd fd) throws IOException {
    try {
      fd.cloneRangeFrom(fd, 0, 0, 0);
      return true;
    } catch (SystemCallException e) {
      return e.errno() == Errno.EINVAL;
    }
  }

  private static boolean tellsHoles(Fd fd) throws IOException {
    long type = fd.fileSystem().type();
    return type != FileSystemStat.MSDOS && type != FileSystemStat.EXFAT;
  }

  /// A device cannot be asked without changing it; the kernel tells in sysfs. A partition has its
  /// queue in the folder above.
  private static boolean devicePunches(FileStat stat) {
    String device = "/sys/dev/block/" + stat.ownMajor() + ":" + stat.ownMinor();
    for (String queue : new String[] {"/queue", "/../queue"}) {
      try {
        String limit = Files.readString(Path.of(device + queue + "/write_zeroes_max_bytes"));
        return Long.parseLong(limit.strip()) > 0;
      } catch (IOException | NumberFormatException _) {
        // No such file: the next place.
      }
    }
    return false;
  }
}
