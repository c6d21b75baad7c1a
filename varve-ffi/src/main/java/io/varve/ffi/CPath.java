// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Paths as the C library takes them: in the bytes that `java.nio.file` itself would use, so that
/// both speak of one file, with a zero at the end.
final class CPath {
  static final MemorySegment EMPTY = Arena.global().allocate(1);

  private static final Charset CHARSET =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

  private CPath() {}

  static MemorySegment of(Path path, Arena arena) {
    return arena.allocateFrom(path.toString(), CHARSET);
  }
}
