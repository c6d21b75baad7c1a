// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

/// How the shell opened an image, beyond what the image's own options say.
///
/// @param writable take changes
/// @param snapshot changes go to a temporary file
/// @param writethrough a write is durable before it is reported
/// @param unsafe nothing is made durable
/// @param unmap discards and zeros give space back
/// @param copyOnRead what is read from a backing file stays in the image
record OpenMode(
    boolean writable,
    boolean snapshot,
    boolean writethrough,
    boolean unsafe,
    boolean unmap,
    boolean copyOnRead) {
  OpenMode withWritable(boolean write) {
    return new OpenMode(write, snapshot, writethrough, unsafe, unmap, copyOnRead);
  }

  OpenMode withCache(CacheMode cache) {
    return new OpenMode(
        writable, snapshot, cache.writethrough(), cache.unsafe(), unmap, copyOnRead);
  }

  OpenMode withUnsafe(boolean lose) {
    return new OpenMode(writable, snapshot, writethrough, lose, unmap, copyOnRead);
  }

  OpenMode withUnmap(boolean giveBack) {
    return new OpenMode(writable, snapshot, writethrough, unsafe, giveBack, copyOnRead);
  }
}
