// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import java.io.IOException;

/// What lies behind the last cluster that anybody refers to. Under the layer's exclusive lock.
final class FileTail {
  private FileTail() {}

  /// Cuts it off. No lower count than the durable ones may be waiting: the caller has committed.
  static void cut(ImageParts parts) throws IOException {
    if (parts.storage().capabilities().fixedSize()) {
      return;
    }
    parts.fresh().giveBack();
    long end = parts.geometry().clustersFor(parts.storage().size());
    long used = parts.refcounts().endOfUsed(end);
    if (used < end) {
      parts.storage().truncate(parts.geometry().hostOffset(used));
      parts.allocator().endMoved(used);
    }
  }
}
