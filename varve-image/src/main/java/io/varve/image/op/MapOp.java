// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.chain.Chain;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Tells what a range of a disk is made of, in as few stretches as possible.
public final class MapOp {
  /// Hears one stretch after the other, in order. May end the walk by an exception of its own.
  @FunctionalInterface
  public interface Listener {
    void stretch(BlockStatus status) throws IOException;
  }

  private MapOp() {}

  /// Walks `[from, to)`; what lies behind the disk's end is left out.
  public static void map(Chain disk, long from, long to, Listener listener) throws IOException {
    StatusReader reader = new StatusReader(disk);
    long end = Math.min(to, disk.size());
    @Nullable BlockStatus gathered = null;
    long at = from;
    while (at < end) {
      BlockStatus next = reader.at(at, end - at);
      at = next.end();
      if (gathered != null && gathered.continuedBy(next)) {
        gathered = gathered.with(gathered.length() + next.length());
        continue;
      }
      if (gathered != null) {
        listener.stretch(gathered);
      }
      gathered = next;
    }
    if (gathered != null) {
      listener.stretch(gathered);
    }
  }
}
