// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;

/// Zeroes by the index alone: what would have to be written out is refused. What came before that
/// in the range is zeroed by then.
final class FastZero {
  private static final int SUBCLUSTERS = 32;

  private final Chain chain;
  private final ZeroMode mode;

  FastZero(Chain chain, ZeroMode mode) {
    this.chain = chain;
    this.mode = mode;
  }

  /// @throws DeviceException if zeros would have to be written
  void zero(long offset, long length) throws IOException {
    if (!(chain.top() instanceof Qcow2Layer layer)) {
      chain.zero(GuestOffset.of(offset), length, mode);
      return;
    }
    Qcow2Info info = layer.info();
    if (length > 0 && info.version() < 3) {
      throw new DeviceException(DeviceException.UNSUPPORTED);
    }
    long unit = info.clusterSize() / (info.extendedL2() ? SUBCLUSTERS : 1);
    long end = offset + length;
    long bodyStart = Math.min(end, Math.ceilDiv(offset, unit) * unit);
    long bodyEnd = end == chain.size() ? end : Math.max(bodyStart, end - end % unit);
    zeroPart(offset, bodyStart, unit);
    if (bodyStart < bodyEnd) {
      zeroWhole(bodyStart, bodyEnd, info.clusterSize());
    }
    zeroPart(bodyEnd, end, unit);
  }

  /// A part of a unit goes only if it holds no data and the rest of it reads as zero.
  private void zeroPart(long from, long to, long unit) throws IOException {
    if (from == to) {
      return;
    }
    long unitStart = from - from % unit;
    long unitEnd = Math.min(chain.size(), unitStart + unit);
    LayerExtent held = chain.top().lookup(GuestOffset.of(unitStart), unitEnd - unitStart);
    boolean data = held.kind() == ExtentKind.DATA || held.kind() == ExtentKind.COMPRESSED;
    if (data || !isZero(unitStart, from) || !isZero(to, unitEnd)) {
      throw new DeviceException(DeviceException.UNSUPPORTED);
    }
    chain.zero(GuestOffset.of(from), to - from, mode);
  }

  private boolean isZero(long from, long to) throws IOException {
    return from == to || chain.readsAsZero(GuestOffset.of(from), to - from);
  }

  /// A compressed cluster goes only as a whole.
  private void zeroWhole(long from, long to, int cluster) throws IOException {
    long end = to == chain.size() ? Math.ceilDiv(to, cluster) * cluster : to;
    if ((from % cluster != 0 && isCompressed(from))
        || (end % cluster != 0 && isCompressed(to - 1))) {
      throw new DeviceException(DeviceException.UNSUPPORTED);
    }
    chain.zero(GuestOffset.of(from), to - from, mode);
  }

  private boolean isCompressed(long at) throws IOException {
    return chain.top().lookup(GuestOffset.of(at), 1).kind() == ExtentKind.COMPRESSED;
  }
}
