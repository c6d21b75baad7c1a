// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Paths as the kernel takes them: in the bytes that `java.nio.file` itself would use, so that both
/// speak of one file, with a zero at the end.
final class CPath {
  private static final Charset CHARSET =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

  private CPath() {}

  /// Lays the path into the transfer buffer of this thread and returns its address.
  static long put(Scratch scratch, Path path) throws SystemCallException {
    return put(scratch, path.toString());
  }

  /// As a call on a descriptor itself wants it.
  static long putEmpty(Scratch scratch) throws SystemCallException {
    return put(scratch, "");
  }

  static long put(Scratch scratch, String path) throws SystemCallException {
    byte[] bytes = path.getBytes(CHARSET);
    if (bytes.length >= Scratch.TRANSFER_MAX) {
      throw new SystemCallException("open", Errno.ENAMETOOLONG.number());
    }
    ByteBuffer transfer = scratch.transfer(bytes.length + 1);
    transfer.put(0, bytes).put(bytes.length, (byte) 0);
    return scratch.transferAddress();
  }
}
