// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import io.varve.ffi.FileStat;
import io.varve.ffi.SystemCallException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Which file it is, whatever path leads there: two paths with one key are one file. For finding
/// loops in a chain.
///
/// @param device the file system, or for a block device the device itself
/// @param inode the number in it, -1 for a block device
public record FileKey(long device, long inode) {
  /// The key of the file at `path`, following symbolic links, without opening it.
  public static FileKey of(Path path) throws IOException {
    try {
      return of(FileStat.of(path));
    } catch (SystemCallException e) {
      throw FileErrors.of(path.toString(), "look up", e);
    }
  }

  /// Said here, because what records have of themselves spins classes at the first use.
  @Override
  public int hashCode() {
    return Long.hashCode(device) * 31 + Long.hashCode(inode);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FileKey key && key.device == device && key.inode == inode;
  }

  static FileKey of(FileStat stat) {
    return stat.isBlockDevice()
        ? new FileKey(stat.ownDevice(), -1)
        : new FileKey(stat.device(), stat.inode());
  }
}
