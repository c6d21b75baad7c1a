// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.storage.FileStorage;
import io.varve.image.storage.Storage;
import org.jspecify.annotations.Nullable;

/// What an image's bytes lie in, open.
///
/// @param driver `file`, `host_device`, `null-co`; `raw` where a part of a file was cut out,
///   `blkdebug` where rules stand before it
/// @param fileName the file's name as it was given, without a protocol
/// @param file the file itself, null where there is none
/// @param storage the file, or what stands before it
/// @param child what `storage` stands before, null where it is the file itself
record FileNode(
    String driver,
    String fileName,
    @Nullable FileStorage file,
    Storage storage,
    NodeName name,
    @Nullable FileNode child) {
  /// True if the node is none that a file system or a device keeps.
  static boolean isNull(String driver) {
    return driver.equals("null-co") || driver.equals("null-aio");
  }

  /// The node at the bottom.
  FileNode bottom() {
    FileNode node = this;
    while (node.child != null) {
      node = node.child;
    }
    return node;
  }
}
