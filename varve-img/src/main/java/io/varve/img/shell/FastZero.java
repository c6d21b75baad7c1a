// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;

/// Tells whether a range can be zeroed by the index alone.
final class FastZero {
  private final Chain chain;

  FastZero(Chain chain) {
    this.chain = chain;
  }

  /// @throws DeviceException if zeros would have to be written
  void require(long offset, long length) throws IOException {
    if (!(chain.top() instanceof Qcow2Layer layer)) {
      return;
    }
    long end = offset + length;
    if (layer.info().version() < 3 && chain.layers().size() > 1) {
      requireZero(offset, end);
      return;
    }
    long cluster = layer.clusterSize();
    long bodyStart = Math.ceilDiv(offset, cluster) * cluster;
    long bodyEnd = end == chain.size() ? end : end - end % cluster;
    requireZero(offset, Math.min(bodyStart, end));
    requireZero(Math.max(bodyEnd, offset), end);
  }

  private void requireZero(long from, long to) throws IOException {
    if (from < to && !chain.readsAsZero(GuestOffset.of(from), to - from)) {
      throw new DeviceException(DeviceException.UNSUPPORTED);
    }
  }
}
