// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.ffi.FileStat;
import java.nio.ByteBuffer;

/// Which file a layer was, and in which state (spec: "Binding"). A program that writes to the file
/// changes `changed`, whatever it does to the other times afterwards.
///
/// The number of the device is left out: it may be another one after the next start of the machine.
///
/// @param inode number in its file system
/// @param length of the file, bytes
/// @param modified last change of the content, nanoseconds since 1970
/// @param changed last change of content, permissions, owner or names, likewise
/// @param head CRC32C of the first 512 bytes
record FileBinding(long inode, long length, long modified, long changed, int head) {
  static final FileBinding NONE = new FileBinding(0, 0, 0, 0, 0);

  static FileBinding of(FileStat stat, int head) {
    return new FileBinding(stat.inode(), stat.size(), stat.modified(), stat.changed(), head);
  }

  /// True if the file is the same and nobody has touched it since.
  boolean fits(FileStat stat) {
    return stat.isRegularFile()
        && stat.inode() == inode
        && stat.size() == length
        && stat.modified() == modified
        && stat.changed() == changed;
  }

  void encode(ByteBuffer to, int at) {
    to.putLong(at, inode).putLong(at + 8, length).putLong(at + 16, modified);
    to.putLong(at + 24, changed).putInt(at + 32, head);
  }

  static FileBinding decode(ByteBuffer from, int at) {
    return new FileBinding(
        from.getLong(at),
        from.getLong(at + 8),
        from.getLong(at + 16),
        from.getLong(at + 24),
        from.getInt(at + 32));
  }
}
