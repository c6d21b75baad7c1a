// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import io.varve.ffi.FileStat;
import io.varve.ffi.SystemCallException;
import java.io.IOException;
import java.nio.file.Path;

/// Which file lies at a path, and whether its bytes changed: for telling that a file is still the
/// one that was looked at before.
///
/// @param length bytes; 0 for a block device
/// @param modified time of the last change of its bytes, nanoseconds since 1970
public record FileState(FileKey key, long length, long modified) {
  /// The state of the file at `path`, following symbolic links, without opening it.
  public static FileState of(Path path) throws IOException {
    try {
      return of(FileStat.of(path));
    } catch (SystemCallException e) {
      throw FileErrors.of(path.toString(), "look up", e);
    }
  }

  /// The state that was found.
  public static FileState of(FileStat stat) {
    return new FileState(FileKey.of(stat), stat.size(), stat.modified());
  }
}
