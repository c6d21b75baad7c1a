// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.qcow2.alloc.DroppedClusters;

/// What deleting an internal snapshot gave back.
///
/// @param freedBytes bytes of clusters that nothing refers to any more
/// @param punchedBytes of these, bytes that went back to the file system; the rest waits inside the
///   file for reuse
public record FreedSpace(long freedBytes, long punchedBytes) {
  static FreedSpace of(DroppedClusters dropped) {
    return new FreedSpace(dropped.freedBytes(), dropped.punchedBytes());
  }
}
