// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.LayerExtent;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Takes the zero flags out of the active tree, which version 2 does not know: where nothing lies
/// beneath, a cluster without space becomes unallocated; all others hold zeros as data.
public final class ZeroExpander {
  private static final int PIECE = 1 << 20;

  private final ActiveTree tree;
  private final Below below;

  public ZeroExpander(ActiveTree tree, Below below) {
    this.tree = tree;
    this.below = below;
  }

  /// @param clusterSize bytes; there are no subclusters, which version 2 does not know either
  public void run(long diskSize, int clusterSize) throws IOException {
    for (long at = 0; at < diskSize; ) {
      LayerExtent extent = tree.map().extent(at, diskSize - at);
      long end = at + extent.length();
      if (extent.kind() == ExtentKind.ZERO && below.isNothing()) {
        tree.zeros().drop(at, (end + clusterSize - 1) & -(long) clusterSize);
      } else if (extent.kind() == ExtentKind.ZERO || extent.kind() == ExtentKind.ZERO_ALLOCATED) {
        writeZeros(at, end);
      }
      at = end;
    }
  }

  private void writeZeros(long from, long to) throws IOException {
    for (long at = from; at < to; ) {
      int length = (int) Math.min(PIECE, to - at);
      tree.writer().write(at, ByteBuffer.allocate(length), below);
      at += length;
    }
  }
}
